import { notifications } from '@mantine/notifications';
import { IconCheck } from '@tabler/icons-react';

/** Tells the user that an action is done. */
export function notify(message: string) {
  notifications.show({
    message,
    color: 'teal.8',
    icon: <IconCheck size={18} aria-hidden />,
    closeButtonProps: { 'aria-label': 'Dismiss' },
  });
}
