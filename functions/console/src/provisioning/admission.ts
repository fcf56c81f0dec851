import { ApiError } from '../api/problem';
import type { OrganizationPreview } from '../api/types';
import { providerIn } from '../providers/settings';
import { newRoleName } from '../roles/newRoles';
import { type Draft, editOf, newSettings, settingsIn } from './draft';

/** What is asked: whether somebody would be admitted. */
export interface Question {
  /** The address, as it is typed. */
  email: string;
  /** The name of the identity provider at which the user signs in; empty for the user pool itself. */
  identityProvider: string;
  /** Whether the account was there before, and has not proven the address just now. */
  existingUser: boolean;
}

/** A question as the API takes it. */
export function questionBody({ email, identityProvider, existingUser }: Question) {
  return { email, ...(identityProvider && { identityProvider }), existingUser };
}

/**
 * The lists of a draft as the API takes them. The settings of a domain that I have not set are as saved.
 * New roles have no ID before they are saved, so that they are left out: {@link withNewRoles} adds them
 * to the answer.
 */
export function draftBody(draft: Draft) {
  const { mine } = draft;
  return {
    emailDomains: mine.domains.map((emailDomain) => {
      const { ownership } = editOf(mine, emailDomain);
      return { emailDomain, ...newSettings(draft, emailDomain), ...(ownership && { ownership }) };
    }),
    ssoConnectors: [...mine.providers],
    organizationRoleIds: mine.roles.filter((id) => newRoleName(id) === undefined),
  };
}

export type DraftBody = ReturnType<typeof draftBody>;

/** A part of a draft that the API does not take, by its name in the draft if it has one, and why. */
export interface RefusedPart {
  name: string | undefined;
  detail: string;
}

/** What the API does not take of the lists of a draft; empty for other errors. */
export function refusedParts(error: unknown, draft: Draft): RefusedPart[] {
  if (!(error instanceof ApiError)) return [];
  const names: Record<string, readonly string[]> = {
    emailDomains: draft.mine.domains,
    ssoConnectors: draft.mine.providers.map(({ id }) => id),
  };
  return error.violations.flatMap(({ pointer, detail }) => {
    const [, list = '', place] = /^\/draft\/(\w+)(?:\/(\d+))?/.exec(pointer) ?? [];
    if (list === '') return [];
    return [{ name: names[list]?.[Number(place)], detail }];
  });
}

/** The answer about a draft, with its new default roles if the rule that decides gives these. */
export function withNewRoles(preview: OrganizationPreview, draft: Draft): OrganizationPreview {
  const { decision, rule, organizationRoles } = preview;
  const created = draft.mine.roles.flatMap((id) => {
    const name = newRoleName(id);
    return name === undefined ? [] : [{ id, name: `${name} (new)` }];
  });
  if (decision === 'refuse' || ownRoles(rule, draft)) return preview;
  return { ...preview, organizationRoles: [...organizationRoles, ...created] };
}

/** The roles that a rule of a draft gives instead of the default roles, if it does. */
function ownRoles(rule: OrganizationPreview['rule'], draft: Draft) {
  if (rule?.kind === 'sso_connector') {
    return providerIn(draft.mine.providers, rule.ssoConnectorId ?? '')?.organizationRoleIds;
  }
  return settingsIn(draft, rule?.emailDomain ?? '').organizationRoleIds;
}

/** Whether two answers say the same. */
export function isSameAnswer(one: OrganizationPreview, other: OrganizationPreview): boolean {
  return JSON.stringify(saidBy(one)) === JSON.stringify(saidBy(other));
}

function saidBy({ decision, rule, reason, organizationRoles, checks }: OrganizationPreview) {
  return [decision, reason, ruleText(rule), organizationRoles.map(({ id }) => id).sort(), checks];
}

/** The rule that has decided, in a few words; nothing if no rule has. */
export function ruleText(rule: OrganizationPreview['rule']): string | undefined {
  if (!rule) return undefined;
  if (rule.kind === 'sso_connector') return `identity provider ${rule.ssoConnectorId}`;
  return rule.isSubdomain ? `${rule.emailDomain}, with its subdomains` : rule.emailDomain;
}
