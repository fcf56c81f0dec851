import type { Page } from '@playwright/test';
import { ask, page as at, organization, role, unique } from './support/api.ts';
import { expect, hold, problem, test } from './support/console.ts';
import { inspect } from './support/look.ts';

const FAILURE = problem(500, 'Internal Server Error', 'Something is wrong on our side.');

interface List {
  name: string;
  /** Opens the page that shows the list. */
  open: (page: Page) => Promise<void>;
  /** The API address of the list. */
  source: RegExp;
  loading: string;
  /** What the page shows instead of an empty list. */
  empty: string;
}

const inOrganization = (tab: string) => async (page: Page) => {
  await page.goto(at(`/organizations/${await organization('states')}${tab}`));
};

const LISTS: List[] = [
  {
    name: 'organizations',
    open: async (page) => void (await page.goto(at('/organizations'))),
    source: /\/organizations(\?.*)?$/,
    loading: 'Loading organizations',
    empty: 'Create your first organization',
  },
  {
    name: 'roles',
    open: async (page) => void (await page.goto(at('/roles'))),
    source: /\/organization-roles$/,
    loading: 'Loading roles',
    empty: 'Create your first role',
  },
  {
    name: 'members',
    open: inOrganization('/members'),
    source: /\/organizations\/[^/]+\/users(\?.*)?$/,
    loading: 'Loading members',
    empty: 'Nobody is a member yet',
  },
  {
    name: 'requests',
    open: inOrganization('/requests'),
    source: /\/organizations\/[^/]+\/join-requests(\?.*)?$/,
    loading: 'Loading the requests',
    empty: 'Nobody asks to join',
  },
  {
    name: 'removed members',
    open: inOrganization('/members/removed'),
    source: /\/organizations\/[^/]+\/removed-users(\?.*)?$/,
    loading: 'Loading the removed members',
    empty: 'No removed members',
  },
  {
    name: 'domains',
    open: inOrganization(''),
    source: /\/jit\/email-domains$/,
    loading: 'Loading the provisioning',
    empty: 'No domain is listed yet',
  },
];

/** Matches requests to the API only: the addresses of pages look alike. */
const api = (source: RegExp) => (url: URL) =>
  !url.pathname.startsWith('/console') && source.test(url.href);

for (const { name, open, source, loading, empty } of LISTS) {
  test(`${name} that are loading are announced`, async ({ page }) => {
    const answer = await hold(page, api(source));
    await open(page);
    const status = page.getByRole('status').filter({ hasText: loading });
    await expect(status).toBeVisible();
    await inspect(page, `${name}-loading`);
    answer();
    await expect(status).toBeHidden();
  });

  test(`${name} that are empty say what to do first`, async ({ page }) => {
    await page.route(api(source), (route) => route.fulfill({ json: [], headers: { etag: '"1"' } }));
    await open(page);
    await expect(page.getByText(empty)).toBeVisible();
    await inspect(page, `${name}-empty`);
  });

  test(`${name} that cannot be read show an error, and load when tried again`, async ({ page }) => {
    const calls = api(source);
    await page.route(calls, (route) => route.fulfill(FAILURE));
    await open(page);
    const alert = page.getByRole('alert').filter({ hasText: 'Usher has a problem' });
    await expect(alert).toBeVisible();
    await inspect(page, `${name}-error`);
    await page.unroute(calls);
    const loaded = page.waitForResponse((answer) => calls(new URL(answer.url())) && answer.ok());
    await alert.getByRole('button', { name: 'Try again' }).click();
    await loaded;
    await expect(alert).toBeHidden();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });
}

test('an organization that does not exist shows an error', async ({ page }) => {
  await page.goto(at('/organizations/nobody'));
  await expect(page.getByRole('alert')).toContainText('nobody');
});

test('an unknown address leads back to the organizations', async ({ page }) => {
  await page.goto(at('/nowhere'));
  await expect(page).toHaveTitle('Nothing here · Usher');
  await page.getByRole('link', { name: 'Go to the organizations' }).click();
  await expect(page.getByRole('heading', { name: 'Organizations' })).toBeVisible();
  await expect(page).toHaveTitle('Organizations · Usher');
});

test('a lost connection is distinguished from an error', async ({ page }) => {
  await page.route(api(/\/organization-roles$/), (route) => route.abort());
  await page.goto(at('/roles'));
  await expect(page.getByRole('alert')).toContainText('Usher cannot be reached');
});

test('organizations are searched by the beginning of their names, page by page', async ({
  page,
}) => {
  const prefix = unique('paged');
  for (let number = 10; number < 35; number++) {
    await ask('POST', '/organizations', { name: `${prefix} ${number}` });
  }
  await page.goto(at('/organizations'));
  const search = page.getByRole('searchbox');
  await search.fill(prefix.toUpperCase());
  const rows = page.getByRole('row').filter({ has: page.getByRole('link') });
  await expect(rows).toHaveCount(20);
  await expect(page).toHaveURL(/\?q=/);
  // The list of all organizations has as many rows.
  await expect(rows.first()).toContainText(prefix);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(rows).toHaveCount(25);
  await expect(page.getByRole('button', { name: 'Show more' })).toBeHidden();
  await page.reload();
  await expect(search).toHaveValue(prefix.toUpperCase());
  await search.fill(`${prefix} 3`);
  await expect(rows).toHaveCount(5);
  await search.fill(`${prefix} nothing`);
  await expect(page.getByText('No organization found for')).toBeVisible();
  const id = unique('customer');
  await ask('POST', '/organizations', { id, name: 'Found by its id' });
  await search.fill(id);
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText('Found by its id');
});

test('times are in the time zone of the user', async ({ page }) => {
  const { createdAt, ...rest } = {
    ...(await role(unique('zone'))),
    createdAt: '2026-01-01T02:30:00.000Z',
  };
  await page.route(api(/\/organization-roles$/), (route) =>
    route.fulfill({ json: [{ ...rest, description: null, createdAt }] }),
  );
  await page.goto(at('/roles'));
  const time = page.getByRole('time');
  await expect(time.getByText('Dec 31, 2025', { exact: true })).toBeVisible();
  await expect(time).toHaveAttribute('title', 'Wednesday, December 31, 2025 at 9:30:00 PM EST');
});
