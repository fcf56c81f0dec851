import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './Id.module.css';
import { partsOf } from './shortId';

/**
 * An id, with a button that copies it. A long one is shortened in the middle to the eye only: the
 * whole id is there for screen readers, for a search in the page, and in what is selected and copied.
 */
export function Id({ children }: { children: string }) {
  const [head, middle, tail] = partsOf(children);
  return (
    <span className={classes.id}>
      <code title={middle ? children : undefined}>
        {head}
        {middle && <span className={classes.middle}>{middle}</span>}
        {tail}
      </code>
      <CopyButton value={children}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon
              className={classes.copy}
              variant="subtle"
              color="gray"
              size={24}
              data-copied={copied || undefined}
              aria-label={copied ? `Copied ${children}` : `Copy ${children}`}
              onClick={copy}
            >
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </span>
  );
}
