import { ActionIcon, Menu } from '@mantine/core';
import { type Icon, IconDots } from '@tabler/icons-react';
import type { PropsWithChildren } from 'react';

/** The menu of a row; its items are {@link RowAction}s. */
export function RowMenu({ of: what, children }: PropsWithChildren<{ of: string }>) {
  return (
    <Menu
      position="bottom-end"
      // Within the page's content, which is a landmark.
      portalProps={{ target: '#content' }}
      // The placeholder is not an item, and a menu may only have items.
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${what}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

interface RowActionProps {
  icon: Icon;
  danger?: boolean;
  onClick: () => void;
}

export function RowAction({ icon: Icon, danger, ...props }: PropsWithChildren<RowActionProps>) {
  const color = danger ? 'var(--mantine-color-error)' : 'var(--mantine-color-text)';
  return <Menu.Item c={color} leftSection={<Icon size={16} />} {...props} />;
}
