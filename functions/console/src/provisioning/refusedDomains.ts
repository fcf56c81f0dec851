import { ApiError } from '../api/problem';
import { replace } from './queries';
import { CROWDED, MOST_NAMED, type RefusedDomains, refusedItems, refusedPlaces } from './refusals';

/**
 * All domains of a list that the API refuses, after it has refused the list; nothing if it named no
 * domain. One answer names only the first {@link MOST_NAMED}, so the domains after them are asked for
 * in further requests, which write nothing.
 */
export async function refusedDomains(
  organizationId: string,
  domains: readonly string[],
  refusal: unknown,
): Promise<RefusedDomains | undefined> {
  let codes = refusedItems(domains, refusal);
  if (Object.keys(codes).length === 0) return undefined;
  let error = refusal;
  let rest = afterLast(domains, error);
  // Only a write finds the domains that too many organizations list.
  const crowded = Object.values(codes).includes(CROWDED);
  if (crowded) return { codes, complete: rest.length === 0 };
  while (rest.length > 0) {
    error = await tried(organizationId, rest);
    codes = { ...codes, ...refusedItems(rest, error) };
    rest = afterLast(rest, error);
  }
  return { codes, complete: error === refusal || isJudged(error) };
}

/** The domains that an answer says nothing about, because it names no more. */
function afterLast(domains: readonly string[], error: unknown): readonly string[] {
  const places = refusedPlaces(error);
  const [last] = places.at(-1) ?? [];
  return last === undefined || places.length < MOST_NAMED ? [] : domains.slice(last + 1);
}

/** Why the API would refuse a list. The request requires a version that no list ever has. */
async function tried(organizationId: string, domains: readonly string[]): Promise<unknown> {
  try {
    return await replace(organizationId, 'domains', { items: [...domains], etag: NO_VERSION });
  } catch (error) {
    return error;
  }
}

const NO_VERSION = '"none"';

/** Whether each domain was looked at: the version is compared only after that. */
function isJudged(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 412 || error.status === 422);
}
