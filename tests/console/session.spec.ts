import type { Page } from '@playwright/test';
import { expect, problem, test } from './support/console.ts';
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
  await page.goto(`${origin}/console/organizations/acme/members`);
  await signIn(page);
  const request = page.waitForRequest(`${origin}/organizations/acme/users`);
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
  await inspect(page, 'session-ended');
  await page.unroute(roles);
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await expect(page).toHaveURL(`${origin}/console/organizations/acme`);
  await expect(page.getByText('kept.example')).toBeVisible();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('The provisioning is saved.')).toBeVisible();
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

test('a failed sign-in shows the reason', async ({ page }) => {
  await page.goto(`${origin}/console`);
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { name: 'Signing in failed' })).toBeVisible();
  await inspect(page, 'sign-in-failed');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
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
