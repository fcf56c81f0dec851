import type { Role } from '../api/types';
import { ranked, searchable } from '../roles/ranking';

/** The role with an ID, then those whose names contain a text, the likeliest first. */
export function matchingRoles(roles: readonly Role[], text: string): Role[] {
  const withId = roles.filter(({ id }) => id === text);
  return [...new Set([...withId, ...ranked(searchable(roles), text).map(({ role }) => role)])];
}
