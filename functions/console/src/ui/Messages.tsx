import '@mantine/notifications/styles.layer.css';

import { Notifications } from '@mantine/notifications';

/** What is told about actions. */
export function Messages() {
  return <Notifications position="bottom-right" />;
}
