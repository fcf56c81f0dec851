import { queryOptions } from '@tanstack/react-query';
import { chunks } from '../api/batch';
import { ApiError } from '../api/problem';
import { configurationQuery, replace } from './queries';
import {
  CLAIMED,
  CROWDED,
  MOST_NAMED,
  type RefusedDomains,
  refusedItems,
  refusedPlaces,
} from './refusals';

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
  const crowded = Object.values(codes).some((code) => code === CROWDED || code === CLAIMED);
  if (crowded) return { codes, complete: rest.length === 0 };
  while (rest.length > 0) {
    error = await tried(organizationId, rest);
    codes = { ...codes, ...refusedItems(rest, error) };
    rest = afterLast(rest, error);
  }
  return { codes, complete: error === refusal || isJudged(error) };
}

/**
 * The domains of a list that the API would refuse, and its answer; nothing if it would accept the list.
 * Nothing is written.
 *
 * @throws the error that keeps the list from being checked
 */
export async function wouldBeRefused(
  organizationId: string,
  domains: readonly string[],
): Promise<{ error: unknown; domains: RefusedDomains } | undefined> {
  const error = await tried(organizationId, domains);
  const refused = await refusedDomains(organizationId, domains, error);
  if (refused) return { error, domains: refused };
  // The version is compared only after each domain was looked at.
  if (error instanceof ApiError && error.status === 412) return undefined;
  throw error;
}

/** Which of some domains the API would refuse, and why. */
export const wouldBeRefusedQuery = (organizationId: string, domains: readonly string[]) =>
  queryOptions({
    queryKey: [...configurationQuery(organizationId).queryKey, 'refused', domains],
    queryFn: async () => {
      const codes: Record<string, string> = {};
      for (const some of chunks(domains, MOST_LISTED)) {
        const refused = await wouldBeRefused(organizationId, some);
        Object.assign(codes, refused?.domains.codes);
      }
      return codes;
    },
    // It is asked once for each text that is pasted.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

/** The most domains that an organization lists, and that one request can have. */
const MOST_LISTED = 1000;

/** A new domain, if it is what the API refused, rather than its settings. */
export function refusedOne(domain: string, error: unknown): RefusedDomains | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const named = error.violations.find(({ pointer }) => pointer === '/emailDomain');
  const code = named?.code ?? (error.violations.length === 0 ? error.code : undefined);
  return code === undefined ? undefined : { codes: { [domain]: code }, complete: true };
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
