import { ActionIcon, Menu, type MenuItemProps } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import type { PropsWithChildren } from 'react';

/** What can be done with a row of a list. */
export function RowMenu({ of: what, children }: PropsWithChildren<{ of: string }>) {
  return (
    <Menu
      position="bottom-end"
      // Within the page's content, which is a landmark.
      portalProps={{ target: '#content' }}
      // A menu has items and nothing else.
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

/** What cannot be undone. */
export function DangerItem(props: MenuItemProps & { onClick: () => void }) {
  return <Menu.Item c="var(--mantine-color-error)" {...props} />;
}
