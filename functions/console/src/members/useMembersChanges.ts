import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { batch, type Outcome } from '../api/batch';
import { changeItems, dropItems } from '../api/loadedPages';
import type { JoinRequest, Member, RemovedUser } from '../api/types';
import { counted } from '../organizations/counts';
import { withSameAddress } from '../requests/deciding';
import { loadedRequests, requestsKey } from '../requests/queries';
import { rolesQuery } from '../roles/queries';
import { offerUndo } from '../ui/undo';
import { add, type NewRoles } from './adding';
import { type RoleChange, rolesAfter } from './changing';
import { clearMarks } from './clearing';
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

  const drop = (ids: ReadonlySet<string>) => dropItems(queries, key, ids);

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
    roles: NewRoles,
    onProgress?: (finished: number) => void,
  ): Promise<string[]> => {
    const unknown: string[] = [];
    let finished = 0;
    await add(organizationId, userIds, roles, (some, refused) => {
      const back = new Set(some);
      for (const list of [removedKey(organizationId), requestsKey(organizationId)]) {
        dropItems(queries, list, back);
      }
      unknown.push(...refused);
      finished += some.length + refused.length;
      onProgress?.(finished);
    });
    return unknown;
  };

  /**
   * Adds users again who were members, each with the roles from before. Those who are members again
   * already stay as they are. Other accounts with the same address, whose requests have ended too, can
   * ask again.
   */
  const restore = async (
    removed: readonly Member[],
    asking: readonly JoinRequest[],
  ): Promise<string> => {
    const present = await membersAmong(organizationId, removed);
    const members = removed.filter(({ id }) => !present.has(id));
    const ids = members.map(({ id }) => id);
    const unknown = (await addAll(ids, { restoreRoles: true })).length;
    const { failed } = await batch(asking, (request) => clearMarks(organizationId, request.id));
    if (failed[0]) throw failed[0].error;
    const known = await queries.fetchQuery(rolesQuery);
    const held = members.flatMap(({ organizationRoles }) => organizationRoles);
    const isLost = ({ id }: Held) => !known.some((role) => role.id === id);
    const lost = new Set(held.filter(isLost).map(({ name }) => `“${name}”`));
    const roles =
      lost.size > 0 &&
      `Roles that were deleted in the meantime could not be restored: ${[...lost].join(', ')}.`;
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
    const asking = withSameAddress(members, loadedRequests(queries, organizationId));
    dropItems(queries, requestsKey(organizationId), new Set(asking.map(({ id }) => id)));
    if (members.length > 0) {
      offerUndo(removedText(members, outcome), () => restore(members, asking));
    }
    return outcome;
  };

  /** Lets the rules decide again about users who were removed or declined. */
  const clearAll = async (
    people: readonly RemovedUser[],
    onProgress?: (finished: number) => void,
  ): Promise<Outcome<RemovedUser, boolean>> => {
    const outcome = await batch(people, ({ id }) => clearMarks(organizationId, id), onProgress);
    const ids = new Set(outcome.done.map(({ item }) => item.id));
    dropItems(queries, removedKey(organizationId), ids);
    return outcome;
  };

  return { drop, showRoles, addAll, removeAll, clearAll };
}

type Held = Member['organizationRoles'][number];

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
