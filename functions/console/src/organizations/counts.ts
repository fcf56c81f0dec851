/** How many members and email domains an organization has. */
export interface Counts {
  usersCount: number;
  emailDomainsCount: number;
}

/** The API counts members up to this number, which means "this many or more". */
const MOST_COUNTED = 1000;

const NUMBER = new Intl.NumberFormat('en');

/** A number of things in words, such as "1 member" and "1,234 members". */
export function counted(number: number, unit: string, units = `${unit}s`): string {
  return `${NUMBER.format(number)} ${number === 1 ? unit : units}`;
}

/** A number of members: what is shown, and what is read out if that differs. */
export function membersCount(usersCount: number): { shown: string; spoken?: string } {
  const shown = NUMBER.format(usersCount);
  if (usersCount < MOST_COUNTED) return { shown };
  return { shown: `${shown}+`, spoken: `${shown} or more` };
}

/** What is deleted with an organization, such as "298 members, 3 domains". */
export function sizeOf({ usersCount, emailDomainsCount }: Counts): string {
  const { spoken } = membersCount(usersCount);
  const members = spoken ? `${spoken} members` : counted(usersCount, 'member');
  return `${members}, ${counted(emailDomainsCount, 'domain')}`;
}
