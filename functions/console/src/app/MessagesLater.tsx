import { notificationsStore } from '@mantine/notifications';
import { type ComponentType, useEffect, useState } from 'react';

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
    const timer = setTimeout(load, AFTER_START);
    const stop = notificationsStore.subscribe(load);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
  return Messages && <Messages />;
}

/** When the first page has most likely been shown, in milliseconds. */
const AFTER_START = 2000;
