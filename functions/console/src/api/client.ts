import createClient from 'openapi-fetch';
import { endSession, session } from '../session/session';
import { ApiError } from './problem';
import type { paths } from './schema';

/** The Management API of the Usher that serves this page. */
export const api = createClient<paths>({ baseUrl: location.origin, cache: 'no-store' });

api.use({
  async onRequest({ request }) {
    const token = await session.value.login?.token();
    if (token) request.headers.set('authorization', `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) endSession();
  },
  onError: () => ApiError.unreachable(),
});

export interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body and headers of a successful response; any other is thrown as an {@link ApiError}. */
export async function orThrow<T>(call: Promise<Answer<T>>): Promise<{ data: T; headers: Headers }> {
  const { data, error, response } = await call;
  if (!response.ok) throw ApiError.of(response, error);
  return { data: data as T, headers: response.headers };
}
