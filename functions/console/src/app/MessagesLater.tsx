import { notificationsStore } from '@mantine/notifications';
import { type ComponentType, useEffect, useState } from 'react';
import { afterStart } from './afterStart';

/**
 * The messages. They are loaded after the first page, which has none. If that fails, they are loaded
 * with the next message.
 */
export function MessagesLater() {
  const [Messages, setMessages] = useState<ComponentType>();
  useEffect(() => {
    const load = () =>
      void import('../ui/Messages').then(
        (it) => setMessages(() => it.Messages),
        // The page is of use without them.
        () => {},
      );
    const cancel = afterStart(load);
    const stop = notificationsStore.subscribe(load);
    return () => {
      cancel();
      stop();
    };
  }, []);
  return Messages && <Messages />;
}
