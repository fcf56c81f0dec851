import '@mantine/notifications/styles.layer.css';

import { Notifications } from '@mantine/notifications';
import { UndoOffers } from './undo';

/** What is told about actions, and what can be undone. */
export function Messages() {
  return (
    <>
      <Notifications position="bottom-right" />
      <UndoOffers />
    </>
  );
}
