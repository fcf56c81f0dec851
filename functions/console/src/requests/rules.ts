import type { EmailDomain, JoinRequest, SsoConnector } from '../api/types';

/** What an organization lists, and the ids of its default roles. */
export interface Listed {
  domains: readonly Pick<EmailDomain, 'emailDomain' | 'organizationRoleIds'>[];
  providers: readonly Pick<SsoConnector, 'id' | 'organizationRoleIds'>[];
  defaultRoleIds: readonly string[];
}

/** The requests by one rule, and the roles that approving them gives now. */
export interface Group {
  rule: string;
  requests: JoinRequest[];
  roleIds: readonly string[];
}

/** The rule by which somebody asks to join, in words. */
export function ruleOf({ emailDomain, ssoConnectorId }: JoinRequest): string {
  return ssoConnectorId === undefined ? (emailDomain ?? '') : `Provider ${ssoConnectorId}`;
}

/** Requests by their rules, in the order in which the rules come first. */
export function grouped(requests: readonly JoinRequest[], listed: Listed): Group[] {
  const groups = new Map<string, Group>();
  for (const request of requests) {
    const rule = ruleOf(request);
    const group = groups.get(rule) ?? { rule, requests: [], roleIds: rolesBy(request, listed) };
    group.requests.push(request);
    groups.set(rule, group);
  }
  return [...groups.values()];
}

/** The rule's roles; the default roles if it names none, or is not listed any more. */
function rolesBy({ emailDomain, ssoConnectorId }: JoinRequest, listed: Listed) {
  const rule =
    ssoConnectorId === undefined
      ? listed.domains.find((domain) => domain.emailDomain === emailDomain)
      : listed.providers.find(({ id }) => id === ssoConnectorId);
  return rule?.organizationRoleIds ?? listed.defaultRoleIds;
}

/** The roles that all groups get; nothing if they differ. */
export function commonRoles([first, ...others]: readonly Group[]): readonly string[] | undefined {
  const textOf = ({ roleIds }: Group) => JSON.stringify([...roleIds].sort());
  const isSame = first && others.every((group) => textOf(group) === textOf(first));
  return isSame ? first.roleIds : undefined;
}
