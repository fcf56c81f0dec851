// Parts of the console that are loaded after the first page, and do not arrive. Each test names the
// parts that are missing from the start on, so that it does not matter when the console asks for them.

import type { Page } from '@playwright/test';
import { page as at, domainsOf, organization, signUp, unique } from './support/api.ts';
import { expect, test } from './support/console.ts';
import { inspect } from './support/look.ts';

/** How a script or a style sheet does not arrive. */
const WAYS = {
  'a lost connection': (page: Page, name: RegExp) => page.route(name, (route) => route.abort()),
  'a new version': (page: Page, name: RegExp) =>
    page.route(name, (route) => route.fulfill({ status: 404 })),
};

/** The files of parts, by the names of their modules. */
const files = (...parts: string[]) => new RegExp(`/console/assets/(${parts.join('|')})-`);

const alert = (page: Page) => page.getByRole('alert');
const create = (page: Page) => page.getByRole('button', { name: 'Create organization' }).first();
const searchField = (page: Page) =>
  page.getByRole('dialog', { name: 'Search' }).getByRole('textbox');

for (const [way, lose] of Object.entries(WAYS)) {
  test(`${way}: a dialog says that it is missing without the messages, and opens later`, async ({
    page,
  }) => {
    const missing = files('Messages', 'CreateOrganization');
    await lose(page, missing);
    await page.goto(at('/organizations'));
    await create(page).click();
    await expect(alert(page)).toContainText('could not be loaded');
    await expect(alert(page)).toBeInViewport({ ratio: 1 });
    await expect(alert(page).getByRole('button', { name: 'Reload' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 1, name: 'Organizations' })).toBeVisible();
    await expect(create(page)).toBeFocused();
    await alert(page).getByRole('button', { name: 'Dismiss' }).click();
    await expect(alert(page)).toBeHidden();
    await page.unroute(missing);
    await create(page).click();
    await expect(page.getByRole('dialog', { name: 'Create organization' })).toBeVisible();
  });

  test(`${way}: the search says that it is missing, and opens later`, async ({ page }) => {
    const missing = files('Messages', 'SearchDialog');
    await lose(page, missing);
    await page.goto(at('/organizations'));
    await expect(create(page)).toBeVisible();
    await page.keyboard.press('/');
    await expect(alert(page)).toContainText('could not be loaded');
    await expect(alert(page)).toBeInViewport({ ratio: 1 });
    await page.unroute(missing);
    await page.keyboard.press('/');
    await expect(searchField(page)).toBeFocused();
  });

  test(`${way}: a page says that it is missing, and opens later`, async ({ page }) => {
    const missing = files('Messages', 'SearchDialog', 'RolesPage');
    await lose(page, missing);
    await page.goto(at('/organizations'));
    const roles = page.getByRole('link', { name: 'Roles' });
    await roles.click();
    await expect(alert(page)).toContainText('This part of the console could not be loaded');
    await expect(alert(page)).toBeInViewport();
    await page.unroute(missing);
    await page.getByRole('link', { name: 'Organizations', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Organizations' })).toBeVisible();
    await roles.click();
    await expect(page.getByRole('heading', { level: 1, name: 'Organization roles' })).toBeVisible();
  });

  test(`${way}: a document of the help says that it is missing`, async ({ page }) => {
    await lose(page, files('documents'));
    await page.goto(at('/help/security'));
    await expect(alert(page)).toContainText('This part of the console could not be loaded');
    await expect(alert(page).getByRole('button', { name: 'Reload' })).toBeVisible();
  });

  test(`${way}: what is done is told without the messages`, async ({ page }) => {
    await lose(page, files('Messages'));
    await page.goto(at('/roles'));
    await page.getByRole('button', { name: 'Create role' }).first().click();
    await page.getByRole('textbox', { name: 'Name' }).fill(unique('told'));
    await page.getByRole('textbox', { name: 'Name' }).press('Enter');
    await expect(alert(page)).toContainText('is created');
    await expect(alert(page)).toBeInViewport({ ratio: 1 });
  });

  test(`${way}: a removal can be undone without the messages`, async ({ page }) => {
    await lose(page, files('Messages'));
    const id = await organization('undone', [`${unique('undone')}.example`]);
    const [domain] = await domainsOf(id);
    await signUp(`jane@${domain}`);
    await page.goto(at(`/organizations/${id}/members`));
    await page.getByRole('button', { name: `Actions for jane@${domain}` }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await expect(page.getByText('Nobody is a member yet')).toBeVisible();
    await page.getByRole('button', { name: 'Undo Ctrl Z' }).click();
    await expect(page.getByText('Nobody is a member yet')).toBeHidden();
    await expect(alert(page)).toBeInViewport({ ratio: 1 });
  });
}

test('messages that are loaded at the second attempt have their styles', async ({ page }) => {
  const styles = /\/console\/assets\/Messages-[^/]*\.css/;
  await page.route(styles, (route) => route.abort());
  const lost = page.waitForEvent('requestfailed', (request) => styles.test(request.url()));
  await page.goto(at('/roles'));
  await lost;
  await page.unroute(styles);
  await page.getByRole('button', { name: 'Create role' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill(unique('styled'));
  await page.getByRole('textbox', { name: 'Name' }).press('Enter');
  await expect(alert(page)).toContainText('is created');
  const messages = page.locator('.mantine-Notifications-root').filter({ has: alert(page) });
  await expect(messages).toHaveCSS('position', 'fixed');
});

test('a message is in view before the messages are loaded', async ({ page }) => {
  await page.route(files('Messages', 'CreateOrganization'), (route) => route.abort());
  await page.goto(at('/organizations'));
  await create(page).click();
  await expect(alert(page)).toContainText('could not be loaded');
  await inspect(page, 'message-plain');
});
