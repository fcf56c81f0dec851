import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { batch, type Outcome } from '../api/batch';
import { changeItems } from '../api/loadedPages';
import type { Member } from '../api/types';
import { counted } from '../organizations/counts';
import { rolesQuery } from '../roles/queries';
import { offerUndo } from '../ui/undo';
import { add } from './adding';
import { type RoleChange, rolesAfter } from './changing';
import { nameOf } from './provenance';
import { membersKey, membersNamed, removedKey } from './queries';
import { type Leaving, remove } from './removing';
import { type Filters, holds } from './search';

/**
 * Changes the members of an organization, and the lists of them that are loaded: these can be long,
 * so that they are not fetched again.
 */
export function useMembersChanges(organizationId: string) {
  const queries = useQueryClient();
  return useMemo(() => membersChanges(queries, organizationId), [queries, organizationId]);
}

function membersChanges(queries: QueryClient, organizationId: string) {
  const key = membersKey(organizationId);

  const drop = (ids: ReadonlySet<string>) =>
    changeItems<Member>(queries, key, (member) => (ids.has(member.id) ? undefined : member));

  /** Shows roles as they are after a change of them. */
  const showRoles = async (ids: ReadonlySet<string>, change: RoleChange) => {
    const known = await queries.fetchQuery(rolesQuery);
    changeItems<Member>(queries, key, (member, queryKey) => {
      if (!ids.has(member.id)) return member;
      const organizationRoles = rolesAfter(member.organizationRoles, change, known);
      const changed = { ...member, organizationRoles };
      return holds(changed, queryKey[key.length] as Filters) ? changed : undefined;
    });
  };

  /**
   * Adds users by hand, with roles. Resolves with those who do not exist any more. When it fails,
   * repeating it goes on.
   */
  const addAll = async (
    userIds: readonly string[],
    organizationRoleIds: readonly string[],
    onProgress?: (finished: number) => void,
  ): Promise<string[]> => {
    const unknown: string[] = [];
    let finished = 0;
    await add(organizationId, userIds, organizationRoleIds, (some, refused) => {
      const back = new Set(some);
      changeItems<{ id: string }>(queries, removedKey(organizationId), (person) =>
        back.has(person.id) ? undefined : person,
      );
      unknown.push(...refused);
      finished += some.length + refused.length;
      onProgress?.(finished);
    });
    return unknown;
  };

  /**
   * Adds users again who were members, each with the roles from before. Those who are members again
   * already stay as they are.
   */
  const restore = async (removed: readonly Member[]): Promise<string> => {
    const present = await membersAmong(organizationId, removed);
    const members = removed.filter(({ id }) => !present.has(id));
    const known = await queries.fetchQuery(rolesQuery);
    const isKnown = (id: string) => known.some((role) => role.id === id);
    const byRoles = Map.groupBy(members, ({ organizationRoles }) =>
      JSON.stringify(organizationRoles.map(({ id }) => id).filter(isKnown)),
    );
    let unknown = 0;
    for (const [roleIds, some] of byRoles) {
      const ids = some.map(({ id }) => id);
      unknown += (await addAll(ids, JSON.parse(roleIds))).length;
    }
    const held = members.flatMap(({ organizationRoles }) => organizationRoles);
    const lost = new Set(held.filter(({ id }) => !isKnown(id)).map(({ name }) => `“${name}”`));
    const roles =
      lost.size > 0 &&
      `Roles that were deleted meanwhile could not be restored: ${[...lost].join(', ')}.`;
    const who = members.length === 1 && members[0] ? `${nameOf(members[0])} is` : undefined;
    const back = members.length > 0 && backText(members.length, unknown, who);
    const already = alreadyText(removed.filter(({ id }) => present.has(id)));
    return [back, roles, already].filter(Boolean).join(' ');
  };

  /** Removes members, and offers to undo it. */
  const removeAll = async (
    all: readonly Leaving[],
    onProgress?: (finished: number) => void,
  ): Promise<Outcome<Leaving, Member[]>> => {
    const outcome = await batch(all, (one) => remove(organizationId, one), onProgress);
    const ended = outcome.done.flatMap(({ result }) => result);
    const members = [...new Map(ended.map((member) => [member.id, member])).values()];
    drop(new Set([...members, ...outcome.done.map(({ item }) => item.member)].map(({ id }) => id)));
    if (members.length > 0) {
      offerUndo(removedText(members, outcome), () => restore(members));
    }
    return outcome;
  };

  return { drop, showRoles, addAll, removeAll };
}

/** The ids of those who are members now. */
async function membersAmong(organizationId: string, users: readonly Member[]) {
  const { done, failed } = await batch(users, ({ id }) => membersNamed(organizationId, id));
  if (failed[0]) throw failed[0].error;
  return new Set(done.flatMap(({ result }) => result.map(({ id }) => id)));
}

/** Who was put back before the undoing, in words. */
function alreadyText(members: readonly Member[]): string | undefined {
  const [first] = members;
  if (!first) return undefined;
  return members.length === 1
    ? `${nameOf(first)} was already put back. Their roles stay as they are.`
    : `${counted(members.length, 'user')} were already put back. Their roles stay as they are.`;
}

/** Who was removed, in words. */
function removedText(members: readonly Member[], { done }: Outcome<Leaving, Member[]>): string {
  const asked = new Set(done.map(({ item }) => item.member.id));
  const [first] = members;
  const others = members.filter(({ id }) => !asked.has(id)).length;
  const named = members.length - others;
  const who = named === 1 && first ? `${nameOf(first)} is` : `${counted(named, 'member')} are`;
  return others > 0
    ? `${who} removed, with ${counted(others, 'other account')} with the same address.`
    : `${who} removed.`;
}

/** What has come of adding users, in words. */
export function backText(asked: number, unknown: number, who?: string): string {
  const done = asked - unknown;
  const gone = `${counted(unknown, 'user')} ${unknown === 1 ? 'does' : 'do'} not exist any more.`;
  if (done === 0) return gone;
  const text = `${who ?? (done === 1 ? '1 user is' : `${counted(done, 'user')} are`)} now in the organization.`;
  return unknown > 0 ? `${text} ${gone}` : text;
}
