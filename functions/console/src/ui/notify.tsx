import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { problemOf } from '../api/problem';

const closeButtonProps = { 'aria-label': 'Dismiss' };

/** Tells the user that an action is done. */
export function notify(message: string) {
  notifications.show({
    message,
    color: 'teal.8',
    icon: <IconCheck size={18} aria-hidden />,
    closeButtonProps,
  });
}

/** Tells the user that an action failed whose place on the page is gone. It stays until dismissed. */
export function notifyFailure(action: string, error: unknown) {
  const { title, detail } = problemOf(error);
  notifications.show({
    title: `${action}: ${title}`,
    message: detail,
    color: 'red.8',
    icon: <IconAlertTriangle size={18} aria-hidden />,
    autoClose: false,
    closeButtonProps,
  });
}

/** Removes what earlier actions told the user. */
export function clearNotifications() {
  notifications.clean();
}
