import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import GitHubSlugger from 'github-slugger';
import MarkdownIt, { type Token } from 'markdown-it';
import type { Plugin } from 'vite';

const ROOT = new URL('../../../', import.meta.url);
/** Where the help is: the `base` of the console, and its route. */
const PLACE = '/console/help/';
const MODULE = 'virtual:help';

/** A document of the repository as a page of the console. */
export interface HelpDocument {
  /** The last part of its address. */
  name: string;
  title: string;
  /** Its parts of the second level, in their order. */
  sections: { id: string; title: string }[];
  /** The text without the title. */
  html: string;
}

/**
 * The documents as modules, which are loaded one by one. `virtual:help` has the title of each, and
 * how to load it.
 */
export function help(): Plugin {
  const paths = documentPaths();
  return {
    name: 'help',
    resolveId: (id) => (id === MODULE || id.startsWith(`${MODULE}/`) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${MODULE}`)) return null;
      const name = id.slice(MODULE.length + 2);
      if (name === '') return indexOf(paths);
      const path = paths.get(name);
      if (!path) return null;
      this.addWatchFile(fileURLToPath(new URL(path, ROOT)));
      return `export const document = ${JSON.stringify(render(read(path), { name, path, paths }))}`;
    },
  };
}

/** All documents, rendered. */
export function helpDocuments(): HelpDocument[] {
  const paths = documentPaths();
  return [...paths].map(([name, path]) => render(read(path), { name, path, paths }));
}

/** The path of each document from the root of the repository, by its name. */
function documentPaths(): Map<string, string> {
  const named = (folder: string) =>
    readdirSync(new URL(folder, ROOT))
      .filter((file) => file.endsWith('.md'))
      .sort()
      .map((file): [string, string] => [file.replace(/\.md$/, ''), folder + file]);
  const records = named('docs/adr/').filter(([name]) => name !== 'README');
  return new Map([
    ...named('docs/'),
    ['architecture', 'ARCHITECTURE.md'],
    ['decisions', 'docs/adr/README.md'],
    ...records,
  ]);
}

function indexOf(paths: Map<string, string>): string {
  const entries = [...paths].map(([name, path]) => {
    const title = JSON.stringify(titleOf(markdown.parse(read(path), {})));
    const load = `() => import(${JSON.stringify(`${MODULE}/${name}`)})`;
    return `${JSON.stringify(name)}: { title: ${title}, load: ${load} }`;
  });
  return `export const documents = { ${entries.join(', ')} }`;
}

const markdown = new MarkdownIt();

// A table scrolls by itself, so that the page does not get wider than the window.
markdown.renderer.rules.table_open = () => '<div class="table"><table>';
markdown.renderer.rules.table_close = () => '</table></div>';

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

function titleOf([heading, text]: Token[]): string {
  if (heading?.tag !== 'h1' || !text) throw new Error('A document begins with its title.');
  return textOf(text);
}

/** Where a document is. */
interface Place {
  name: string;
  path: string;
  /** The paths of all documents, by name. */
  paths: Map<string, string>;
}

/** A document as a page of the console. */
export function render(text: string, place: Place): HelpDocument {
  const tokens = markdown.parse(text, {});
  const title = titleOf(tokens);
  const sections = nameHeadings(tokens);
  nameRows(tokens);
  for (const token of tokens) {
    alignByAttribute(token);
    if (token.children) token.children = linked(token.children, place);
  }
  // Without the title, which is three tokens: it is the heading of the page.
  const html = markdown.renderer.render(tokens.slice(3), markdown.options, {});
  return { name: place.name, title, sections, html };
}

/** Gives each heading the anchor that GitHub gives it, and returns the parts of the second level. */
function nameHeadings(tokens: Token[]): HelpDocument['sections'] {
  const slugger = new GitHubSlugger();
  const headings = tokens.flatMap((token, index) => {
    const text = tokens[index + 1];
    if (token.type !== 'heading_open' || !text) return [];
    const title = textOf(text);
    const id = slugger.slug(title);
    token.attrSet('id', id);
    return [{ id, title, tag: token.tag }];
  });
  return headings.filter(({ tag }) => tag === 'h2').map(({ id, title }) => ({ id, title }));
}

/**
 * Gives each row of a table whose first cell is a code (of an error, a reason or a parameter) that
 * code as its anchor.
 */
function nameRows(tokens: Token[]) {
  const taken = new Set<unknown>(tokens.map((token) => token.attrGet('id')));
  tokens.forEach((token, index) => {
    const [cell, text] = tokens.slice(index + 1);
    if (token.type !== 'tr_open' || cell?.type !== 'td_open') return;
    const [code, ...others] = text?.children ?? [];
    if (code?.type !== 'code_inline' || others.length > 0) return;
    if (!/^[\w.-]+$/.test(code.content) || taken.has(code.content)) return;
    taken.add(code.content);
    token.attrSet('id', code.content);
  });
}

/** The Content-Security-Policy forbids the attribute `style`, which aligns a cell otherwise. */
function alignByAttribute(token: Token) {
  const [, align] = /^text-align:(\w+)$/.exec(`${token.attrGet('style')}`) ?? [];
  if (!align) return;
  token.attrs = (token.attrs ?? []).filter(([name]) => name !== 'style');
  token.attrSet('data-align', align);
}

/** The same text, with links to other documents as links to their pages, and to other files as text. */
function linked(tokens: Token[], place: Place): Token[] {
  const begin = tokens.findIndex(({ type }) => type === 'link_open');
  if (begin === -1) return tokens;
  const end = tokens.findIndex(({ type }, index) => index > begin && type === 'link_close') + 1;
  return [
    ...tokens.slice(0, begin),
    ...link(tokens.slice(begin, end), place),
    ...linked(tokens.slice(end), place),
  ];
}

function link(tokens: Token[], place: Place): Token[] {
  const href = `${tokens[0]?.attrGet('href')}`;
  const target = targetOf(href, place);
  if (target === undefined) return withFile(tokens.slice(1, -1), fileOf(href, place));
  tokens[0]?.attrSet('href', target);
  return tokens;
}

/** The text of a link to a file that is not in the help, and the file's name. */
function withFile(text: Token[], file: string): Token[] {
  const only = text.length === 1 && text[0]?.content === file;
  const code = markdown.parseInline(only ? `\`${file}\`` : ` (\`${file}\`)`, {});
  return [...(only ? [] : text), ...(code[0]?.children ?? [])];
}

/** Where a link leads; nothing if that is a file which is not a document. */
function targetOf(href: string, { name, path, paths }: Place): string | undefined {
  if (/^[a-z]+:/.test(href)) return href;
  const [, anchor = ''] = /(#.*)$/.exec(href) ?? [];
  if (href === anchor) return PLACE + name + anchor;
  const file = fileOf(href, { path });
  const [target] = [...paths].find(([, other]) => other === file) ?? [];
  return target && PLACE + target + anchor;
}

/** The path of a linked file from the root of the repository. */
function fileOf(href: string, { path }: Pick<Place, 'path'>): string {
  return new URL(href, new URL(path, 'file:///')).pathname.slice(1);
}

/** The text of a heading, without its markup. */
function textOf({ children }: Token): string {
  return (children ?? []).map(({ content }) => content).join('');
}
