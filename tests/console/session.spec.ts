import type { Page } from '@playwright/test';
import { expect, hold, message, problem, test } from './support/console.ts';
import { inspect } from './support/look.ts';
import { startWithLogin } from './support/provider.ts';

const HOUR = 3_600_000;

let origin: string;
let stop: () => Promise<void>;
test.beforeAll(async () => {
  ({ origin, stop } = await startWithLogin());
  const body = JSON.stringify({ id: 'acme', name: 'Acme' });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${origin}/organizations`, { method: 'POST', headers, body });
});
test.afterAll(() => stop());

/** Signs in at the provider, and grants what the console asks for. */
async function signIn(page: Page) {
  await page.getByPlaceholder('Enter any login').fill('operator');
  await page.getByPlaceholder('and password').fill('password');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('signing in leads to the requested page, and each request carries the token', async ({
  page,
}) => {
  const request = page.waitForRequest(
    (sent) => new URL(sent.url()).pathname === '/organizations/acme/users',
  );
  await page.goto(`${origin}/console/organizations/acme/members`);
  await signIn(page);
  await expect(page).toHaveURL(`${origin}/console/organizations/acme/members`);
  await expect(page.getByRole('heading', { level: 1, name: 'Acme' })).toBeVisible();
  expect((await request).headers().authorization).toMatch(/^Bearer ./);
});

test('no storage of the browser contains a token', async ({ page }) => {
  await page.goto(`${origin}/console`);
  const answered = page.waitForResponse((response) => response.url().endsWith('/token'));
  await signIn(page);
  const { access_token: access, refresh_token: refresh } = await (await answered).json();
  await expect(page.getByRole('link', { name: 'Acme' })).toBeVisible();
  const stored = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
  );
  expect(access).toBeTruthy();
  expect(stored).not.toContain(access);
  expect(stored).not.toContain(refresh);
});

test('an expiring token is renewed in the background', async ({ page }) => {
  await page.clock.install();
  await page.goto(`${origin}/console`);
  await signIn(page);
  await expect(page.getByRole('link', { name: 'Acme' })).toBeVisible();
  const renewed = page.waitForResponse((response) => response.url().endsWith('/token'));
  await page.clock.fastForward(HOUR - 30_000);
  expect((await renewed).status()).toBe(200);
  await page.getByRole('link', { name: 'Acme' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Acme' })).toBeVisible();
});

test('unsaved changes survive the end of a session', async ({ page }) => {
  await page.goto(`${origin}/console/organizations/acme`);
  await signIn(page);
  await page.getByRole('textbox', { name: 'Add email domains' }).fill('kept.example ');
  const roles = `${origin}/organizations/acme/jit/email-domains`;
  await page.route(roles, (route) => route.fulfill(problem(401, 'Unauthorized', 'Unauthorized')));
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('heading', { name: 'Your session has ended' })).toBeVisible();
  await expect(page.getByText('Your unsaved changes are kept')).toBeVisible();
  await expect(page.getByText('What was typed in a dialog is not kept')).toBeVisible();
  await inspect(page, 'session-ended');
  await page.unroute(roles);
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await expect(page).toHaveURL(`${origin}/console/organizations/acme`);
  await expect(page.getByText('kept.example')).toBeVisible();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
});

test('the session ends when the provider no longer renews the token', async ({ page }) => {
  await page.clock.install();
  await page.goto(`${origin}/console`);
  await signIn(page);
  await expect(page.getByRole('link', { name: 'Acme' })).toBeVisible();
  await page.route(/\/token$/, (route) =>
    route.fulfill({ status: 400, json: { error: 'invalid_grant' }, headers: CORS }),
  );
  await page.clock.fastForward(HOUR);
  await expect(page.getByRole('heading', { name: 'Your session has ended' })).toBeVisible();
});

test('a sign-in that was cancelled keeps the address, and continues there when tried again', async ({
  page,
}) => {
  const place = `${origin}/console/organizations/acme/members?x=1`;
  await page.goto(place);
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { name: 'Signing in failed' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('You were not signed in');
  await expect(page).toHaveURL(place);
  await inspect(page, 'sign-in-failed');
  await page.getByRole('button', { name: 'Try again' }).click();
  await signIn(page);
  await expect(page).toHaveURL(place);
  await expect(page.getByRole('heading', { level: 1, name: 'Acme' })).toBeVisible();
});

for (const part of ['/.well-known/openid-configuration', '/token']) {
  test(`a provider that does not answer at ${part} keeps the address`, async ({ page }) => {
    const place = `${origin}/console/organizations/acme/settings`;
    const unreachable = (url: URL) => url.pathname === part;
    await page.route(unreachable, (route) => route.abort());
    await page.goto(place);
    if (part === '/token') await signIn(page);
    await expect(page.getByRole('heading', { name: 'Signing in failed' })).toBeVisible();
    await expect(page.getByRole('alert')).toContainText('cannot be reached');
    await expect(page).toHaveURL(place);
    await page.unroute(unreachable);
    await page.getByRole('button', { name: 'Try again' }).click();
    // The provider may remember the user.
    const form = page.getByPlaceholder('Enter any login');
    const heading = page.getByRole('heading', { level: 1, name: 'Acme' });
    await expect(form.or(heading).or(page.getByRole('button', { name: 'Continue' }))).toBeVisible();
    if (await form.isVisible()) await signIn(page);
    await expect(heading).toBeVisible();
    await expect(page).toHaveURL(place);
  });
}

test('a slow start is announced at once, and that it takes long is told', async ({ page }) => {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  const answer = await hold(page, '**/console/config.json');
  await page.goto(`${origin}/console/organizations/acme`);
  await expect(page.getByRole('heading', { name: 'Usher is starting' })).toBeVisible();
  await expect(page.getByRole('status')).toBeEmpty();
  await page.clock.fastForward(10_000);
  await expect(page.getByRole('status')).toContainText('longer than usual');
  await page.clock.resume();
  await inspect(page, 'starting');
  answer();
  await expect(page.getByPlaceholder('Enter any login')).toBeVisible();
});

test('a failed start says what failed, and keeps the address when tried again', async ({
  page,
}) => {
  const place = `${origin}/console/organizations/acme/settings`;
  await page.route('**/console/config.json', (route) => route.abort());
  await page.goto(place);
  await expect(page.getByRole('heading', { name: 'Usher did not start' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('Usher cannot be reached');
  await expect(page.getByText('Signing in failed')).toBeHidden();
  await inspect(page, 'start-failed');
  await expect(page).toHaveURL(place);
  await page.unroute('**/console/config.json');
  await page.getByRole('button', { name: 'Try again' }).click();
  await signIn(page);
  await expect(page).toHaveURL(place);
});

test('the header says who is signed in, also on a phone', async ({ page }) => {
  await page.goto(`${origin}/console`);
  await signIn(page);
  await expect(page.getByText('Signed in as operator')).toBeVisible();
  await inspect(page, 'signed-in');
});

test('signing out ends the session at the provider', async ({ page }) => {
  await page.goto(`${origin}/console`);
  await signIn(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByText('Do you want to sign-out from')).toBeVisible();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await expect(page.getByPlaceholder('Enter any login')).toBeVisible();
});

const CORS = { 'access-control-allow-origin': '*' };
