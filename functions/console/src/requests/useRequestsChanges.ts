import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { batch, type Outcome } from '../api/batch';
import { dropItems } from '../api/loadedPages';
import type { JoinRequest, Member } from '../api/types';
import { clearMarks } from '../members/clearing';
import { nameOf } from '../members/provenance';
import { counted } from '../organizations/counts';
import { offerUndo } from '../ui/undo';
import { approve, decline, isDecided, withSameAddress } from './deciding';
import { loadedRequests, requestsKey } from './queries';

/** Decides about requests, and takes them out of the list that is loaded. */
export function useRequestsChanges(organizationId: string) {
  const queries = useQueryClient();
  return useMemo(() => requestsChanges(queries, organizationId), [queries, organizationId]);
}

function requestsChanges(queries: QueryClient, organizationId: string) {
  const drop = (requests: readonly JoinRequest[]) =>
    dropItems(queries, requestsKey(organizationId), new Set(requests.map(({ id }) => id)));

  /** Takes those out of the list who are decided about, by whomever. */
  const dropDecided = ({ done, failed }: Outcome<JoinRequest, unknown>) =>
    drop([...done, ...failed.filter(({ error }) => isDecided(error))].map(({ item }) => item));

  /** Approves requests, all with the same roles or each with those that its rule gives. */
  const approveAll = async (
    requests: readonly JoinRequest[],
    organizationRoleIds: readonly string[] | undefined,
    onProgress: (finished: number) => void,
  ): Promise<Outcome<JoinRequest, Member>> => {
    const act = (request: JoinRequest) => approve(organizationId, request, organizationRoleIds);
    const outcome = await batch(requests, act, onProgress);
    dropDecided(outcome);
    return outcome;
  };

  /** Declines requests, and offers to undo it. */
  const declineAll = async (
    requests: readonly JoinRequest[],
    onProgress: (finished: number) => void,
  ): Promise<Outcome<JoinRequest, void>> => {
    const act = (request: JoinRequest) => decline(organizationId, request);
    const outcome = await batch(requests, act, onProgress);
    const declined = outcome.done.map(({ item }) => item);
    const others = withSameAddress(declined, loadedRequests(queries, organizationId));
    dropDecided(outcome);
    drop(others);
    if (declined.length > 0) {
      offerUndo(declinedText(declined), undoing(organizationId, [...declined, ...others]));
    }
    return outcome;
  };

  return { approveAll, declineAll };
}

/** Undoes that requests were declined. When it fails, repeating it goes on. */
function undoing(organizationId: string, declined: readonly JoinRequest[]) {
  let left = declined;
  let cleared = 0;
  return async (): Promise<string> => {
    const { done, failed } = await batch(left, ({ id }) => clearMarks(organizationId, id));
    cleared += done.filter(({ result }) => result).length;
    left = failed.map(({ item }) => item);
    if (failed[0]) throw failed[0].error;
    return undoneText(declined, cleared);
  };
}

function declinedText(declined: readonly JoinRequest[]): string {
  const [first] = declined;
  return declined.length === 1 && first
    ? `${nameOf(first)} is declined.`
    : `${counted(declined.length, 'request')} are declined.`;
}

/** What the undoing has come to. The requests themselves are not there again at once. */
function undoneText(declined: readonly JoinRequest[], cleared: number): string {
  const [first] = declined;
  const who =
    declined.length === 1 && first ? nameOf(first) : counted(declined.length, 'declined user');
  if (cleared === 0) return `${who}: somebody else has already undone this.`;
  const verb = declined.length === 1 ? 'is' : 'are';
  return `${who} ${verb} not declined any more. A request appears again when they next sign in, if a rule still lets them ask.`;
}

/** What the approval of requests has come to. */
export function approvedText(
  approved: readonly Member[],
  organizationRoleIds: readonly string[] | undefined,
): string {
  const [first] = approved;
  const others = organizationRoleIds
    ? approved.filter((member) => !hasExactly(member, organizationRoleIds))
    : [];
  if (approved.length === 1 && first) {
    const names = first.organizationRoles.map(({ name }) => name).join(', ') || 'none';
    return others.length > 0
      ? `${nameOf(first)} was already a member. Their roles stay as they are: ${names}.`
      : `${nameOf(first)} is a member now. Roles: ${names}.`;
  }
  const text = `${counted(approved.length, 'user')} are members now.`;
  if (others.length === 0) return text;
  const already = counted(others.length, 'user');
  return `${text} Of these, ${already} ${others.length === 1 ? 'was' : 'were'} already. Their roles stay as they are.`;
}

/** Whether a member has these roles and no others. */
function hasExactly({ organizationRoles }: Member, roleIds: readonly string[]): boolean {
  return (
    organizationRoles.length === roleIds.length &&
    organizationRoles.every(({ id }) => roleIds.includes(id))
  );
}
