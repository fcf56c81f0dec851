import { MutationCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { hasLaterPages } from '../api/loadedPages';
import { ApiError, isNotFound } from '../api/problem';
import { SessionEnded } from '../session/SessionEnded';
import { session } from '../session/session';
import { clearNotifications } from '../ui/notify';
import { UndoOffers } from '../ui/undo';
import { MessagesLater } from './MessagesLater';
import { router } from './router';
import { useStore } from './store';

const MOST_RETRIES = 2;

const queries: QueryClient = new QueryClient({
  defaultOptions: {
    // A request that cannot be sent fails, and says so. By default it would wait without a word until
    // the browser believes that it is online.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      // Only errors that may go away are worth another attempt.
      retry: (failures, error) =>
        failures < MOST_RETRIES && error instanceof ApiError && error.temporary,
      // Cached data is shown at once and always fetched again, since others make changes too.
      staleTime: 0,
    },
  },
  // What a write invalidates: everything. Whatever is on screen is fetched again before the
  // mutation's own `onSuccess` runs, so no write needs to know which queries it affects. Of a list
  // with several pages only the first one is fetched again: a write changes the others itself if the
  // list is on screen, and they are forgotten if it is not.
  mutationCache: new MutationCache({
    // What was told about earlier actions would look like the answer to this one.
    onMutate: clearNotifications,
    onSuccess: (_data, _variables, _result, { meta }) => (meta?.isDraft ? undefined : readAgain()),
    // A write that fails can have written a part, or all of it if only its answer was lost. The error
    // is shown at once, unless something was not found: somebody else has deleted it, and the page
    // learns that first.
    onError: (error) => {
      const read = readAgain();
      return isNotFound(error) ? read : undefined;
    },
  }),
});

/** Fetches again what is on screen, and resolves once that is done. */
function readAgain(): Promise<void> {
  queries.removeQueries({ type: 'inactive', predicate: hasLaterPages });
  return queries.invalidateQueries();
}

export function App() {
  const ended = useStore(session, ({ ended }) => ended);
  return (
    <QueryClientProvider client={queries}>
      {ended ? (
        <SessionEnded />
      ) : (
        <>
          <RouterProvider router={router} />
          <MessagesLater />
          <UndoOffers />
        </>
      )}
    </QueryClientProvider>
  );
}
