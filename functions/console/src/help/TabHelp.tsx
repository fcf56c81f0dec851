import { useMatches } from '@tanstack/react-router';
import { HelpLink } from './HelpLink';
import classes from './HelpLink.module.css';
import type { HelpTarget } from './targets';

/** What the help says about each tab of an organization, by the end of its route. */
const HELP: Record<string, { to: HelpTarget; text: string }> = {
  activity: {
    to: 'security#what-is-kept-and-for-how-long',
    text: 'What is kept, and for how long',
  },
  members: { to: 'tokens#when-they-change', text: 'When a change reaches the members’ tokens' },
  settings: {
    to: 'security#what-is-kept-and-for-how-long',
    text: 'What is kept, and for how long',
  },
};

const PROVISIONING = {
  to: 'security#who-can-become-a-member',
  text: 'Who can become a member',
} as const;

/** The link to the help about the present tab of an organization. */
export function TabHelp() {
  const route = useMatches({ select: (matches) => matches.at(-1)?.fullPath ?? '' });
  const { to, text } = HELP[route.split('/').at(-1) ?? ''] ?? PROVISIONING;
  return (
    <p className={classes.below}>
      <HelpLink to={to}>{text}</HelpLink>
    </p>
  );
}
