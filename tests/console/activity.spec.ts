import type { Page } from '@playwright/test';
import {
  ask,
  askingOrganization,
  page as at,
  organization,
  role,
  signUp,
  unique,
  users,
} from './support/api.ts';
import { expect, problem, test } from './support/console.ts';

const rows = (page: Page) => page.getByRole('table', { name: 'Activity' }).locator('tbody tr');
const row = (page: Page, text: string) => rows(page).filter({ hasText: text });

/** Waits until the activity of an organization has this many entries of a type. */
async function kept(id: string, type: string, count: number) {
  const path = `/organizations/${id}/activity?type=${type}&page_size=100`;
  await expect.poll(async () => (await ask<unknown[]>('GET', path)).length).toBe(count);
}

const JOINED = 'Organization.Membership.Created';

test('an event arrives in the Activity tab while a user signs up', async ({ page }) => {
  const domain = `${unique('acme')}.example`;
  const id = await organization('live', [domain]);
  await page.goto(at(`/organizations/${id}/activity`));
  await expect(row(page, 'The organization was created')).toBeVisible();
  await expect(row(page, `The email domain ${domain} was added`)).toBeVisible();
  await expect(page).toHaveTitle(`Activity · ${id} · Usher`);
  await signUp(`jane@${domain}`);
  await expect(rows(page).first()).toContainText(`jane@${domain} became a member`);
  await expect(rows(page).first()).toContainText(`The email domain ${domain}`);
  await expect(rows(page).first()).toContainText('The user, when signing up');
  await expect(rows(page).first()).toContainText('just now');
  await expect(page.getByRole('status').filter({ hasText: 'became a member' })).toHaveText(
    `New: jane@${domain} became a member`,
  );
});

test('new entries wait while the list is read, and a button shows them', async ({ page }) => {
  const domain = `${unique('acme')}.example`;
  const id = await organization('read', [domain]);
  await users(Array.from({ length: 30 }, (_, n) => `u${n}@${domain}`));
  await kept(id, JOINED, 30);
  await page.goto(at(`/organizations/${id}/activity`));
  await expect(rows(page)).toHaveCount(32);
  await rows(page).nth(25).scrollIntoViewIfNeeded();
  const place = await rows(page).nth(25).boundingBox();
  await signUp(`jane@${domain}`);
  const button = page.getByRole('button', { name: '1 new' });
  await expect(button).toBeVisible();
  expect(await rows(page).nth(25).boundingBox()).toEqual(place);
  await expect(rows(page)).toHaveCount(32);
  await button.press('Enter');
  await expect(rows(page)).toHaveCount(33);
  await expect(rows(page).first()).toContainText(`jane@${domain} became a member`);
  await expect(rows(page).first()).toBeInViewport();
  await expect(button).toBeHidden();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: `jane@${domain}` })).toBeFocused();
});

test('an entry whose link has the focus is not moved', async ({ page }) => {
  const domain = `${unique('acme')}.example`;
  const id = await organization('focus', [domain]);
  await page.goto(at(`/organizations/${id}/activity`));
  const link = page.getByRole('link', { name: domain });
  await link.focus();
  await signUp(`jane@${domain}`);
  await expect(page.getByRole('button', { name: '1 new' })).toBeVisible();
  await expect(link).toBeFocused();
  await expect(rows(page)).toHaveCount(2);
});

test('while the tab is hidden nothing is asked, and it catches up when it is shown', async ({
  page,
}) => {
  const domain = `${unique('acme')}.example`;
  const id = await organization('hidden', [domain]);
  await page.goto(at(`/organizations/${id}/activity`));
  await expect(rows(page)).toHaveCount(2);
  const show = (state: 'hidden' | 'visible') =>
    page.evaluate((visibilityState) => {
      Object.defineProperty(document, 'visibilityState', {
        value: visibilityState,
        configurable: true,
      });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, state);
  await page.clock.install();
  await show('hidden');
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().includes('/activity?')) asked++;
  });
  await signUp(`jane@${domain}`);
  await kept(id, JOINED, 1);
  await page.clock.runFor(30_000);
  expect(asked).toBe(0);
  await show('visible');
  await expect(rows(page).first()).toContainText(`jane@${domain} became a member`);
});

test('the kind and the person are part of the address, and can be cleared', async ({ page }) => {
  const domain = `${unique('acme')}.example`;
  const id = await organization('filters', [domain]);
  const [jane = '', joe = ''] = await users([`jane@${domain}`, `joe@${domain}`]);
  await ask('DELETE', `/organizations/${id}/users/${joe}`);
  await kept(id, 'Organization.Membership.Removed', 1);
  await page.goto(at(`/organizations/${id}/activity`));
  await expect(row(page, `joe@${domain} is no longer a member`)).toContainText('Removed by hand');
  await page.getByRole('combobox', { name: 'Kind' }).fill('joined');
  await page.getByRole('option', { name: 'Members who joined' }).click();
  await expect(page).toHaveURL(at(`/organizations/${id}/activity?type=${JOINED}`));
  await expect(rows(page)).toHaveCount(2);
  await page.getByRole('combobox', { name: 'Person' }).fill(`jane@${domain}`);
  await page.getByRole('option', { name: `jane@${domain}` }).click();
  await expect(page).toHaveURL(at(`/organizations/${id}/activity?type=${JOINED}&user=${jane}`));
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Any kind' }).click();
  await expect(page).toHaveURL(at(`/organizations/${id}/activity?user=${jane}`));
  await page.goto(at(`/organizations/${id}/activity?type=Organization.Updated&user=${joe}`));
  await expect(page.getByRole('combobox', { name: 'Person' })).toHaveValue(`joe@${domain}`);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page).toHaveURL(at(`/organizations/${id}/activity`));
  await expect(rows(page)).toHaveCount(5);
});

test('more entries are loaded on demand, and the first new one takes the focus', async ({
  page,
}) => {
  const domain = `${unique('acme')}.example`;
  const id = await organization('paging', [domain]);
  await users(Array.from({ length: 60 }, (_, n) => `u${n}@${domain}`));
  await kept(id, JOINED, 60);
  await page.goto(at(`/organizations/${id}/activity`));
  await expect(rows(page)).toHaveCount(50);
  await page.getByRole('button', { name: 'Show more' }).press('Enter');
  await expect(rows(page)).toHaveCount(62);
  await expect(rows(page).nth(50).getByRole('link').first()).toBeFocused();
  await expect(page.getByText('All 62 entries are shown.')).toBeVisible();
  // The newest page is asked for again, and nothing moves.
  await page.waitForResponse((response) => response.url().includes('/activity?page_size=50'));
  await expect(rows(page)).toHaveCount(62);
});

test('what was before and what is after stands in short sentences', async ({ page }) => {
  const domain = `${unique('acme')}.example`;
  const id = await organization('words', [domain]);
  const [first, second] = [await role(unique('viewer')), await role(unique('editor'))];
  const path = `/organizations/${id}/jit/email-domains/${domain}`;
  await ask('PATCH', path, { enrollment: 'request', organizationRoleIds: [first.id] });
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [second.id] });
  await ask('PATCH', `/organizations/${id}`, { name: 'Acme', customData: { plan: 'pro' } });
  await kept(id, 'Organization.Updated', 1);
  await page.goto(at(`/organizations/${id}/activity`));
  const changed = row(page, `The settings of the email domain ${domain} were changed`);
  await expect(changed).toContainText('New users: automatic → on request');
  await expect(changed).toContainText(`Roles: default roles → ${first.name}`);
  await expect(row(page, 'The default roles were changed')).toContainText(`Added: ${second.name}`);
  const renamed = row(page, 'The organization was changed');
  await expect(renamed).toContainText(`Name: “${id}” → “Acme”`);
  await expect(renamed).toContainText('Custom data changed');
});

test('an error is told in the words of the console, and the list comes back', async ({ page }) => {
  const id = await organization('errors');
  await kept(id, 'Organization.Created', 1);
  const path = /\/organizations\/[^/]+\/activity/;
  await page.route(path, (route) =>
    route.request().resourceType() === 'document'
      ? route.continue()
      : route.fulfill(problem(500, 'Internal', 'Broken')),
  );
  await page.goto(at(`/organizations/${id}/activity`));
  await expect(page.getByRole('heading', { name: 'Usher has a problem' })).toBeVisible();
  await page.unroute(path);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(row(page, 'The organization was created')).toBeVisible();
  await page.route(path, (route) => route.abort());
  await expect(page.getByRole('alert')).toHaveText(
    'New activity cannot be read at the moment. Usher cannot be reached.',
  );
  await page.unroute(path);
  await expect(page.getByRole('alert')).toBeHidden();
});

test('a user has a page with memberships, removals, activity and the next claims', async ({
  page,
}) => {
  const domain = `${unique('acme')}.example`;
  const [stays, leaves] = [
    await organization('stays', [domain]),
    await organization('leaves', [domain]),
  ];
  const [jane = ''] = await users([`jane@${domain}`]);
  await ask('DELETE', `/organizations/${leaves}/users/${jane}`);
  await kept(leaves, 'Organization.Membership.Removed', 1);
  await page.goto(at(`/organizations/${stays}/members`));
  await page.getByRole('link', { name: `jane@${domain}` }).click();
  await expect(page).toHaveURL(at(`/users/${jane}`));
  await expect(page.getByRole('heading', { level: 1, name: `jane@${domain}` })).toBeFocused();
  await expect(page).toHaveTitle(`User · jane@${domain} · Usher`);
  const memberships = page.getByRole('table', { name: 'Memberships' });
  await expect(memberships).toContainText(stays);
  await expect(memberships).toContainText(`By ${domain}, when created by the API`);
  await expect(memberships).not.toContainText(leaves);
  const removals = page.getByRole('region', { name: 'Removals' });
  await expect(removals).toContainText(leaves);
  await expect(removals).toContainText('Removed just now');
  const claims = page.getByRole('region', { name: 'Claims of the next token' });
  await expect(claims).toContainText(`"${stays}"`);
  await expect(claims).not.toContainText(leaves);
  await expect(row(page, `jane@${domain} is no longer a member`)).toContainText(leaves);
  await expect(row(page, `jane@${domain} became a member`)).toHaveCount(2);
  await page.goBack();
  await expect(page).toHaveURL(at(`/organizations/${stays}/members`));
});

test('the page of a user shows an open request, and what the next token would bring', async ({
  page,
}) => {
  const { id, domain } = await askingOrganization('asking');
  const [jane = ''] = await users([`jane@${domain}`]);
  await kept(id, 'Organization.JoinRequest.Created', 1);
  const later = await organization('later', [domain]);
  await page.goto(at(`/users/${jane}`));
  const requests = page.getByRole('region', { name: 'Requests to join' });
  await expect(requests).toContainText(id);
  await expect(page.getByText('Not a member of any organization.')).toBeVisible();
  const token = page.getByRole('region', { name: 'The next token', exact: true });
  await expect(token.getByText('By this token the user would join:')).toBeVisible();
  await expect(token.getByRole('link', { name: later })).toBeVisible();
  await requests.getByRole('link', { name: 'Decide' }).click();
  await expect(page).toHaveURL(at(`/organizations/${id}/requests`));
  await page.getByRole('link', { name: `jane@${domain}` }).click();
  await expect(page).toHaveURL(at(`/users/${jane}`));
});

test('the page of nobody says so', async ({ page }) => {
  await page.goto(at('/users/5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11'));
  await expect(page.getByRole('heading', { name: 'Nobody has this user ID' })).toBeVisible();
});

test.describe('by touch on a narrow screen', () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 800 } });

  test('the activity leads to a user and back', async ({ page }) => {
    const domain = `${unique('acme')}.example`;
    const id = await organization('touch', [domain]);
    await signUp(`jane@${domain}`);
    await kept(id, JOINED, 1);
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('link', { name: 'Activity' }).tap();
    await page.getByRole('link', { name: `jane@${domain}` }).tap();
    await expect(page.getByRole('table', { name: 'Memberships' })).toContainText(id);
    await page.goBack();
    await expect(row(page, `jane@${domain} became a member`)).toBeVisible();
  });
});
