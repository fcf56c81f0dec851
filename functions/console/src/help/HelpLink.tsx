import { VisuallyHidden } from '@mantine/core';
import { IconHelpCircle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { PropsWithChildren } from 'react';
import classes from './HelpLink.module.css';
import type { HelpTarget } from './targets';

/**
 * A link to a document of the help. It opens in a new tab, so that whatever is being typed or read
 * stays.
 */
export function HelpLink({ to, children }: PropsWithChildren<{ to: HelpTarget }>) {
  const [document = '', hash] = to.split('#');
  return (
    <Link
      to="/help/$document"
      params={{ document }}
      {...(hash && { hash })}
      target="_blank"
      className={classes.link}
    >
      <IconHelpCircle size={16} stroke={1.75} aria-hidden />
      <span>
        {children}
        <VisuallyHidden> (help, opens in a new tab)</VisuallyHidden>
      </span>
    </Link>
  );
}
