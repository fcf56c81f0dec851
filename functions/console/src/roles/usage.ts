import type { RoleUsage } from '../api/types';
import { counted } from '../organizations/counts';

/** What uses a role, in words. */
export function usageOf(usage: RoleUsage): string {
  const { usersCount, organizationsCount, isComplete, organizations } = usage;
  // The list is cut after 100 organizations.
  const isWhole = isComplete && organizations.length === organizationsCount;
  const holding = organizations.filter((organization) => organization.usersCount > 0).length;
  const giving = organizations.filter(({ isDefaultRole }) => isDefaultRole).length;
  const byRule = organizations.filter(({ isRuleRole }) => isRuleRole).length;
  const atLeast = (isExact: boolean, text: string) => (isExact ? text : `at least ${text}`);
  const members = atLeast(isComplete, counted(usersCount, 'member'));
  const places = atLeast(isWhole, counted(holding, 'organization'));
  const held =
    usersCount > 0
      ? `This role is held by ${members} in ${places}.`
      : none(isComplete, 'No member holds this role');
  const given =
    giving > 0
      ? `It is a default role of ${atLeast(isWhole, counted(giving, 'organization'))}.`
      : none(isWhole, 'No organization gives it by default');
  const ruled =
    byRule > 0
      ? ` A domain or provider of ${atLeast(isWhole, counted(byRule, 'organization'))} gives it.`
      : '';
  return `${held} ${given}${ruled}`;
}

function none(isExact: boolean, text: string): string {
  return isExact ? `${text}.` : `${text}, as far as could be counted.`;
}
