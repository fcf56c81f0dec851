import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { ApiError } from '../api/problem';
import { SessionEnded } from '../session/SessionEnded';
import { session } from '../session/session';
import { router } from './router';
import { useStore } from './store';

const MOST_RETRIES = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What will be the same again is not asked again.
      retry: (failures, error) =>
        failures < MOST_RETRIES && error instanceof ApiError && error.passing,
      // Shown at once, and asked again behind that: others change things too.
      staleTime: 0,
    },
  },
});

export function App() {
  const ended = useStore(session, ({ ended }) => ended);
  if (ended) return <SessionEnded />;
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
      <Notifications position="top-center" />
    </QueryClientProvider>
  );
}
