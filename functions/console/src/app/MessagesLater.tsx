import { Alert } from '@mantine/core';
import { notifications, notificationsStore, useNotifications } from '@mantine/notifications';
import { type ComponentType, useEffect, useState } from 'react';
import { loadPart } from '../ui/part';
import { afterStart } from './afterStart';
import classes from './MessagesLater.module.css';

const load = () => import('../ui/Messages').then((it) => it.Messages);

/**
 * The messages. What shows them is loaded after the first page, which has none. Until it is there,
 * and if it cannot be loaded, they are plain. Each message tries again to load it.
 */
export function MessagesLater() {
  const [Messages, setMessages] = useState<ComponentType>();
  useEffect(() => {
    const prepare = () =>
      void loadPart(load).then(
        (it) => setMessages(() => it),
        // They stay plain.
        () => {},
      );
    const cancel = afterStart(prepare);
    const stop = notificationsStore.subscribe(prepare);
    return () => {
      cancel();
      stop();
    };
  }, []);
  return Messages ? <Messages /> : <PlainMessages />;
}

function PlainMessages() {
  const { notifications: shown } = useNotifications();
  return (
    <div className={classes.messages}>
      {shown.map(({ id = '', title, message, color, icon }) => (
        <Alert
          key={id}
          className={classes.message}
          title={title}
          // An alert has a color without a shade: see theme.ts.
          color={color?.split('.')[0] ?? 'gray'}
          icon={icon}
          withCloseButton
          closeButtonLabel="Dismiss"
          onClose={() => notifications.hide(id)}
        >
          {message}
        </Alert>
      ))}
    </div>
  );
}
