import type { Page, Route } from '@playwright/test';
import { ask, page as at, organization, role, signUp, unique } from './support/api.ts';
import { expect, problem, test } from './support/console.ts';

const FIELD = 'A name, an ID, an email domain or an email address';
const BELONGS = 'Where this person belongs';
const ADMITTED = 'Where a new user with this address would be admitted';
const LISTS = 'Organizations that list this email domain';

const field = (page: Page) => page.getByRole('textbox', { name: FIELD });
const dialog = (page: Page) => page.getByRole('dialog', { name: 'Search' });
const part = (page: Page, name: string) => dialog(page).getByRole('region', { name, exact: true });
const link = (page: Page, section: string, name: string) =>
  part(page, section).getByRole('link', { name });

/** Matches requests to the API: the addresses of pages look alike. */
const api = (path: string | RegExp) => (url: URL) =>
  typeof path === 'string' ? url.pathname === path : path.test(url.pathname);

/** Opens the search by its key, and types. */
async function search(page: Page, text: string) {
  await expect(page.getByRole('button', { name: 'Search', exact: true })).toBeVisible();
  await page.keyboard.press('/');
  await expect(field(page)).toBeFocused();
  await field(page).fill(text);
}

/** A customer whose name is not its ID, with a domain and a default role. */
async function customer() {
  const id = unique('customer');
  const name = `Wolpertinger ${id}`;
  const domain = `${id}.example`;
  await ask('POST', '/organizations', { id, name });
  const { id: roleId, name: roleName } = await role(unique('night auditor'));
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [roleId] });
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [domain] });
  return { id, name, domain, roleId, roleName };
}

/** The IDs of the users with an address. */
async function usersWith(email: string): Promise<string[]> {
  const users = await ask<{ id: string }[]>('GET', `/users?email=${encodeURIComponent(email)}`);
  return users.map(({ id }) => id);
}

test('a name finds organizations by its beginning, and Enter opens the first', async ({ page }) => {
  const { name } = await customer();
  await page.goto(at('/organizations'));
  await search(page, name.slice(0, -1).toUpperCase());
  await expect(link(page, 'Organizations', name)).toBeVisible();
  await expect(dialog(page).getByRole('status')).toContainText(/\d organization/);
  // Enter does not wait for the pause after typing, and never takes what an older text has found.
  await field(page).fill('nothing like it');
  await field(page).fill(name);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
  await expect(dialog(page)).toBeHidden();
});

test('Enter opens the first result that is shown already', async ({ page }) => {
  const { name } = await customer();
  await page.goto(at('/organizations'));
  await search(page, name);
  await expect(link(page, 'Organizations', name)).toBeVisible();
  await expect(dialog(page).getByRole('status')).toContainText(/\d organization/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
  await expect(dialog(page)).toBeHidden();
});

test('a part of a name finds roles, the likeliest first', async ({ page }) => {
  const word = unique('vie').replaceAll('-', '');
  await role(`Compliance re${word}`);
  const { id, name } = await role(`${word}er`);
  await page.goto(at('/organizations'));
  await search(page, word);
  await expect(part(page, 'Roles').getByRole('link')).toHaveCount(2);
  await expect(part(page, 'Roles').getByRole('link').first()).toContainText(name);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(at(`/roles/${id}`));
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
});

test('an ID finds what has it: an organization, a role, or both', async ({ page }) => {
  const { id, name, roleId, roleName } = await customer();
  await page.goto(at('/organizations'));
  await search(page, id);
  await expect(link(page, 'Organizations', name)).toBeVisible();
  await field(page).fill(roleId);
  await expect(link(page, 'Roles', roleName)).toBeVisible();
  await expect(part(page, 'Organizations')).toBeHidden();
  await ask('POST', '/organizations', { id: roleId, name: `Twin of ${roleId}` });
  await field(page).fill(`${roleId} `);
  await expect(link(page, 'Organizations', 'Twin of')).toBeVisible();
  await expect(link(page, 'Roles', roleName)).toBeVisible();
});

test('a domain finds the organizations that list it, in any form', async ({ page }) => {
  const { name, domain, roleName } = await customer();
  const ace = await organization('buecher', [`bücher.${domain}`]);
  await page.goto(at('/organizations'));
  for (const text of [domain, `@${domain}`, domain.toUpperCase(), `https://${domain}/about`]) {
    await search(page, text);
    await expect(link(page, LISTS, name)).toBeVisible();
    await expect(part(page, LISTS)).toContainText(`Roles: ${roleName}, for new members`);
    await page.keyboard.press('Escape');
    await expect(dialog(page)).toBeHidden();
  }
  await search(page, `BÜCHER.${domain}`);
  await expect(link(page, LISTS, ace)).toBeVisible();
  await field(page).fill(`mail.${domain}`);
  await expect(part(page, LISTS)).toContainText(
    'A domain counts for its subdomains only if its settings say so.',
  );
});

test('a public domain is explained', async ({ page }) => {
  await page.goto(at('/organizations'));
  await search(page, 'gmail.com');
  await expect(part(page, LISTS)).toContainText('gmail.com is a public mailbox provider');
  await field(page).fill('github.io');
  await expect(part(page, LISTS)).toContainText('github.io is a public suffix');
  await field(page).fill('..');
  await expect(dialog(page)).toContainText('Nothing was found for “..”');
});

test('an address says where the person belongs, and where a new user would be admitted', async ({
  page,
}) => {
  const { id, name, domain, roleName } = await customer();
  const email = `jane+test@${domain}`;
  await signUp(email);
  const [user] = await usersWith(email);
  const second = await organization('second', [domain]);
  await page.goto(at('/organizations'));
  await search(page, `Jane Doe <${email.toUpperCase()}>`);
  const belongs = part(page, BELONGS);
  await expect(belongs).toContainText(email);
  await expect(belongs).toContainText(`Roles: ${roleName}`);
  await expect(belongs).toContainText(`By ${domain}, when signing up`);
  await expect(link(page, BELONGS, second)).toBeHidden();
  const admitted = part(page, ADMITTED);
  await expect(admitted).toContainText('Becomes a member.');
  await expect(link(page, ADMITTED, name)).toBeVisible();
  await expect(link(page, ADMITTED, second)).toBeVisible();
  // Enter goes to the answer, which is to be read, and opens nothing yet.
  await page.keyboard.press('Enter');
  await expect(link(page, BELONGS, name)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(at(`/organizations/${id}/members?q=${user}`));
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
});

test('an account that only claims an address is not taken for the person', async ({ page }) => {
  const email = `${unique('mallory')}@claimed.example`;
  await ask('POST', '/users', { primaryEmail: email, emailVerified: false, sendInvitation: false });
  await page.goto(at('/organizations'));
  await search(page, email);
  await expect(part(page, BELONGS)).toContainText('This account has not proven the address.');
  await expect(part(page, BELONGS)).toContainText('Not a member of any organization.');
});

test('an address without an account says so, and a removed member is not admitted', async ({
  page,
}) => {
  const { id, domain } = await customer();
  const email = `former@${domain}`;
  await signUp(email);
  const [user] = await usersWith(email);
  await ask('DELETE', `/organizations/${id}/users/${user}`);
  await page.goto(at('/organizations'));
  await search(page, `nobody@${domain}`);
  await expect(part(page, BELONGS)).toContainText('No account has this address.');
  await expect(part(page, ADMITTED)).toContainText('Becomes a member.');
  await field(page).fill(email);
  await expect(part(page, BELONGS)).toContainText('Not a member of any organization.');
  await expect(part(page, ADMITTED)).toContainText('Is not admitted');
});

test('a user is found by the ID, also one who has only memberships', async ({ page }) => {
  const { name, domain } = await customer();
  const email = `kim@${domain}`;
  await signUp(email);
  const [user = ''] = await usersWith(email);
  await page.goto(at('/organizations'));
  await search(page, user.toUpperCase());
  await expect(part(page, 'User')).toContainText(email);
  await expect(link(page, 'User', name)).toBeVisible();
  await page.route(api(`/users/${user}`), (route) =>
    route.fulfill(problem(404, 'Not Found', 'No user has this id.')),
  );
  await page.reload();
  await search(page, user);
  await expect(part(page, 'User')).toContainText('The user pool has no account with this ID.');
  await expect(link(page, 'User', name)).toBeVisible();
  await field(page).fill('5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11');
  await expect(dialog(page)).toContainText('Nothing was found for');
});

test('a part that fails does not hide the other, and is asked for again', async ({ page }) => {
  const { name, domain } = await customer();
  const busy = problem(429, 'Too Many Requests', 'Cognito takes no more requests at the moment.');
  const accounts = api('/users');
  await page.route(accounts, (route) => route.fulfill(busy));
  await page.goto(at('/organizations'));
  await search(page, `jane@${domain}`);
  await expect(link(page, ADMITTED, name)).toBeVisible();
  await expect(part(page, BELONGS).getByRole('alert')).toBeVisible();
  await page.unroute(accounts);
  await part(page, BELONGS).getByRole('button', { name: 'Try again' }).click();
  await expect(part(page, BELONGS)).toContainText('No account has this address.');
  await page.route(api('/jit/preview'), (route) => route.abort());
  await field(page).fill(`joe@${domain}`);
  await expect(part(page, BELONGS)).toContainText('No account has this address.');
  await expect(part(page, ADMITTED).getByRole('alert')).toBeVisible();
});

test('without a connection, the search says so', async ({ page, context }) => {
  await page.goto(at('/organizations'));
  await search(page, '');
  await context.setOffline(true);
  await field(page).fill('acme');
  await expect(part(page, 'Organizations').getByRole('alert')).toContainText('cannot be reached');
});

test('what an older text has found never stands under a newer one', async ({ page }) => {
  const { name } = await customer();
  const late: Route[] = [];
  await page.goto(at('/organizations'));
  await search(page, name);
  await expect(link(page, 'Organizations', name)).toBeVisible();
  const aborted = page.waitForEvent('requestfailed');
  await page.route(api('/organizations'), (route) => void late.push(route));
  await field(page).fill('zzz first');
  await expect(link(page, 'Organizations', name)).toBeHidden();
  await expect.poll(() => late.length).toBe(1);
  await field(page).fill('zzz second');
  expect((await aborted).url()).toContain('first');
  await expect.poll(() => late.length).toBe(2);
  await expect(dialog(page).getByRole('status')).toHaveText('Searching');
  await late[1]?.continue();
  await expect(dialog(page)).toContainText('Nothing was found for “zzz second”');
});

test('any text can be searched for', async ({ page }) => {
  const name = `${unique('100%')} "Ünï" & <b>'s 😀 #?/\\ +`;
  await ask('POST', '/organizations', { name });
  await page.goto(at('/organizations'));
  await search(page, name);
  await expect(link(page, 'Organizations', name)).toBeVisible();
  await field(page).fill('a'.repeat(129));
  await expect(dialog(page)).toContainText('This is longer than any name');
  await field(page).fill(`${'a'.repeat(1090)}@acme.example`);
  await expect(dialog(page)).toContainText('This is longer than any name');
  await field(page).fill('two@at@acme.example');
  await expect(part(page, ADMITTED)).toContainText(/address/i);
  await expect(part(page, BELONGS)).toContainText('No account has this address.');
});

test('the keys open the search, but not where they mean something else', async ({ page }) => {
  const { id, name } = await customer();
  await page.goto(at('/organizations'));
  const list = page.getByRole('searchbox');
  await list.fill('and/or');
  await page.keyboard.press('/');
  await expect(list).toHaveValue('and/or/');
  await expect(dialog(page)).toBeHidden();
  await page.keyboard.press('Control+k');
  await expect(field(page)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toBeHidden();
  await expect(list).toBeFocused();
  await page.getByRole('link', { name: 'Usher' }).focus();
  for (const key of ['Control+/', 'Alt+/', 'Control+Shift+K', 'k']) {
    await page.keyboard.press(key);
    await expect(dialog(page)).toBeHidden();
  }
  await page.getByRole('button', { name: 'Create organization' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Acme');
  await page.getByRole('button', { name: 'Close' }).focus();
  for (const key of ['/', 'Control+k']) {
    await page.keyboard.press(key);
    await expect(dialog(page)).toBeHidden();
  }
  await page.goto(at(`/organizations/${id}`));
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await page.keyboard.press('/');
  await expect(part(page, 'Opened recently').getByRole('link', { name })).toBeVisible();
  await field(page).fill('forgotten');
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toBeHidden();
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
  await page.getByRole('button', { name: 'Search', exact: true }).press('Enter');
  await expect(field(page)).toHaveValue('');
});

test('unsaved changes are asked about before a result opens', async ({ page }) => {
  const { id } = await customer();
  const other = await organization('other');
  await page.goto(at(`/organizations/${id}`));
  const domains = page.getByRole('textbox', { name: 'Add email domains' });
  await domains.fill('unsaved.example ');
  await page.keyboard.press('Control+k');
  await field(page).fill(other);
  await page.keyboard.press('Enter');
  const guard = page.getByRole('dialog', { name: 'Leave without saving?' });
  await expect(dialog(page)).toBeHidden();
  await guard.getByRole('button', { name: 'Stay' }).click();
  await expect(guard).toBeHidden();
  await expect(domains).toBeFocused();
  await page.keyboard.press('Control+k');
  await field(page).fill(other);
  await page.keyboard.press('Enter');
  await guard.getByRole('button', { name: 'Discard changes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: other })).toBeFocused();
  await page.keyboard.press('Control+k');
  await field(page).fill(other);
  // What is open already.
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: other })).toBeFocused();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('an address is looked up by touch alone', async ({ page }) => {
    const { id, name, domain } = await customer();
    const email = `touch@${domain}`;
    await signUp(email);
    await page.goto(at('/organizations'));
    await page.getByRole('button', { name: 'Search', exact: true }).tap();
    await field(page).fill(email);
    await link(page, BELONGS, name).tap();
    await expect(page).toHaveURL(new RegExp(`/organizations/${id}/members`));
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await expect(dialog(page)).toBeHidden();
  });
});
