import createClient from 'openapi-fetch';
import { endSession, session } from '../session/session';
import { ApiError, UNREACHABLE } from './problem';
import type { paths } from './schema';

/** Usher's Management API: the one that this page came from. */
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
  onError: () => new ApiError(UNREACHABLE),
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What was answered, with its headers; anything but a success is thrown as an {@link ApiError}. */
export async function answered<T>(
  call: Promise<Answer<T>>,
): Promise<{ data: T; headers: Headers }> {
  const { data, error, response } = await call;
  if (!response.ok) throw ApiError.of(response, error);
  return { data: data as T, headers: response.headers };
}

/** The cursor of the next page, if there is one. */
export function nextCursor(headers: Headers): string | undefined {
  const [, url] = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '') ?? [];
  return url ? (new URL(url).searchParams.get('cursor') ?? undefined) : undefined;
}
