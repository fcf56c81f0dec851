import { test as base, expect, type Page, type Route } from '@playwright/test';

/** A page that fails the test on an uncaught error or a violation of the Content-Security-Policy. */
export const test = base.extend({
  page: async ({ page }, use) => {
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => {
      if (/Content.Security.Policy|Warning:/i.test(message.text())) wrong.push(message.text());
    });
    await use(page);
    expect(wrong).toEqual([]);
  },
});

export { expect };

/** Pastes a text into the focused field. */
export async function paste(page: Page, text: string) {
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.keyboard.press('Control+V');
}

/** Selects a role by name, or creates it if there is none. */
export async function pickRole(page: Page, picker: string | RegExp, name: string) {
  await page.getByRole('combobox', { name: picker }).fill(name);
  await page.getByRole('option', { name }).click();
}

/** The newest message with this text. Of an earlier action, one with the same text may be on its way out. */
export const message = (page: Page, text: string) => page.getByText(text).last();

/**
 * Messages, which go after 4 seconds, and offers to undo, which go after 20, stay on pages that are opened
 * from now on.
 */
export const keepMessages = (page: Page) =>
  page.addInitScript(() => {
    const set = window.setTimeout.bind(window);
    const NEVER = 2 ** 31 - 1;
    const timer = (act: TimerHandler, wait?: number, ...given: unknown[]) =>
      set(act, wait === 4_000 || wait === 20_000 ? NEVER : wait, ...given);
    window.setTimeout = timer as typeof setTimeout;
  });

/** What an answer waits for, and the function that lets it go. */
export function gate(): [opened: Promise<void>, open: () => void] {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [opened, open];
}

/**
 * Holds requests to a path back, those with one method or all of them, until the returned function is called. Then
 * each of them reaches Usher, or ends as `end` says.
 */
export async function hold(
  page: Page,
  path: Parameters<Page['route']>[0],
  {
    method,
    end = (route) => route.continue(),
  }: { method?: string; end?: (route: Route) => Promise<void> } = {},
) {
  const [released, release] = gate();
  await page.route(path, async (route) => {
    if (method && route.request().method() !== method) return route.fallback();
    await released;
    return end(route);
  });
  return release;
}

export const problem = (status: number, title: string, detail: string) => ({
  status,
  contentType: 'application/problem+json',
  body: JSON.stringify({
    type: 'about:blank',
    title,
    status,
    detail,
    code: 'internal',
    message: detail,
  }),
});

/**
 * Answers the writes of the console itself, until the returned function is called. It begins before the
 * page is opened, so that it does not meet requests that are on their way.
 */
export async function failing(page: Page, respond: 'lost' | ReturnType<typeof problem>) {
  const writes = (url: URL) => !url.pathname.startsWith('/console');
  await page.route(writes, (route) => {
    if (route.request().method() === 'GET') return route.fallback();
    return respond === 'lost' ? route.abort() : route.fulfill(respond);
  });
  return () => page.unroute(writes);
}
