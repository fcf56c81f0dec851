import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { PartError, problemOf } from '../api/problem';
import { reload } from '../session/reload';

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
export function notifyFailure(error: unknown, action?: string) {
  const { title, detail } = problemOf(error);
  notifications.show({
    title: action ? `${action}: ${title}` : title,
    message:
      error instanceof PartError ? (
        <>
          <p>{detail}</p>
          <Button size="compact-sm" variant="default" mt="xs" onClick={reload}>
            Reload
          </Button>
        </>
      ) : (
        detail
      ),
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
