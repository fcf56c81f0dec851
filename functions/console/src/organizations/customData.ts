// Custom data is handled as JSON text. `JSON.parse` would change what its author wrote: it rounds
// 9007199254740993, reads 1e400 as infinite, and keeps only one of two members with the same name.

import type { ApiOrganization, Organization } from '../api/types';

/** A string, a bracket, a comma or colon, or a number or word. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The tokens of a JSON text: all of it but the white space between them. */
function tokensOf(json: string): string[] {
  return json.match(TOKEN) ?? [];
}

const opens = (token: string | undefined) => token === '{' || token === '[';
const closes = (token: string | undefined) => token === '}' || token === ']';

/** Reads the text of an answer with an organization, and its headers. */
export function organizationOf(json: string, headers: Headers): Organization {
  const organization: ApiOrganization = JSON.parse(json);
  const customData = membersOf(json).get('customData') ?? '';
  return { ...organization, customData, etag: headers.get('etag') ?? '' };
}

/** The members of a JSON object, by name, each as a {@link compact} text. */
function membersOf(json: string): Map<string, string> {
  const tokens = tokensOf(json);
  const members = new Map<string, string>();
  let name = 1;
  while (name + 2 < tokens.length) {
    const end = endOfValue(tokens, name + 2);
    members.set(JSON.parse(String(tokens[name])), tokens.slice(name + 2, end).join(''));
    name = end + 1;
  }
  return members;
}

/** The index after the value that begins at an index. */
function endOfValue(tokens: string[], begin: number): number {
  let level = 0;
  let index = begin;
  do {
    if (opens(tokens[index])) level += 1;
    if (closes(tokens[index])) level -= 1;
    index += 1;
  } while (level > 0 && index < tokens.length);
  return index;
}

/** A JSON text with a line for each member and each element. */
export function indented(json: string): string {
  let level = 0;
  let text = '';
  let previous: string | undefined;
  for (const token of tokensOf(json)) {
    const isFirst = opens(previous) && !closes(token);
    const isEnd = closes(token) && !opens(previous);
    if (isFirst) level += 1;
    if (isEnd) level -= 1;
    if (isFirst || isEnd || previous === ',') text += `\n${'  '.repeat(level)}`;
    if (previous === ':') text += ' ';
    text += token;
    previous = token;
  }
  return text;
}

/**
 * A JSON text without white space between its tokens, which would count towards the API's limit.
 * Half of a surrogate pair is escaped: otherwise `fetch` would send U+FFFD in its place.
 */
export function compact(json: string): string {
  const text = tokensOf(json).join('');
  return text.replace(/\p{Surrogate}/gu, (half) => JSON.stringify(half).slice(1, -1));
}

/** The JSON text of a request's body, with custom data as it is written, if there is any. */
export function bodyWith(customData: string | undefined, body: object): string {
  const members = Object.entries(body).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  if (customData !== undefined) members.push(`"customData":${compact(customData)}`);
  return `{${members.join(',')}}`;
}
