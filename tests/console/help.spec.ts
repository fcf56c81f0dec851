import { page as at, organization, role, unique } from './support/api.ts';
import { expect, test } from './support/console.ts';

test('the help lists the documents, and each has its own address and title', async ({ page }) => {
  await page.goto(at('/roles'));
  await page.getByRole('link', { name: 'Help', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Help' })).toBeVisible();
  await page.getByRole('link', { name: 'Errors' }).click();
  await expect(page).toHaveURL(at('/help/errors'));
  await expect(page).toHaveTitle('Errors · Help · Usher');
  await expect(page.getByRole('heading', { level: 1, name: 'Errors' })).toBeFocused();
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Help' })).toBeVisible();
});

test('an anchor opens a document at its place, which takes the focus', async ({ page }) => {
  await page.goto(at('/help/errors#organization_role.unknown'));
  const row = page.getByRole('row', { name: 'organization_role.unknown' });
  await expect(row).toBeFocused();
  await expect(row).toBeInViewport();
  await page.goto(at('/help/given-user-pool#google-apple-and-other-providers'));
  const heading = page.getByRole('heading', { name: 'Google, Apple and other providers' });
  await expect(heading).toBeFocused();
  await expect(heading).toBeInViewport();
});

test('links between documents lead to their places without loading the console again', async ({
  page,
}) => {
  await page.goto(at('/help/security'));
  await page.evaluate(() => Object.assign(window, { here: true }));
  await page.getByRole('link', { name: 'at which level' }).click();
  await expect(page).toHaveURL(at('/help/operations#what-is-logged-at-debug'));
  const heading = page.getByRole('heading', { name: 'What is logged at DEBUG' });
  await expect(heading).toBeFocused();
  await expect(heading).toBeInViewport();
  // Within the document.
  await page.getByRole('link', { name: 'the alarms', exact: true }).click();
  await expect(page).toHaveURL(at('/help/operations#alarms'));
  await expect(page.getByRole('heading', { name: 'Alarms', exact: true })).toBeInViewport();
  // From the list of its parts, by the keyboard.
  const contents = page.getByRole('navigation', { name: 'On this page' });
  await contents.getByRole('link', { name: 'Deleting a stack' }).press('Enter');
  await expect(page.getByRole('heading', { name: 'Deleting a stack' })).toBeInViewport();
  expect(await page.evaluate(() => 'here' in window)).toBe(true);
});

test('a table that is too wide scrolls by itself, also by the keyboard', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto(at('/help/errors#the-request'));
  await expect(page.getByRole('heading', { name: 'The request' })).toBeFocused();
  const table = page.locator('[tabindex="0"]:has(> table)').first();
  await table.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => table.evaluate(({ scrollLeft }) => scrollLeft)).toBeGreaterThan(0);
});

test('a document that does not exist leads back', async ({ page }) => {
  for (const name of ['nothing', 'constructor', '__proto__']) {
    await page.goto(at(`/help/${name}`));
    await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible();
  }
});

test('each screen has a link to its help, which opens beside it', async ({ page }) => {
  const id = await organization('helped');
  const { id: roleId } = await role(unique('helped'));
  const places = {
    '/organizations': 'security#who-is-trusted-with-what',
    [`/organizations/${id}`]: 'security#who-can-become-a-member',
    [`/organizations/${id}/members`]: 'tokens#when-they-change',
    [`/organizations/${id}/members/removed`]: 'security#who-can-become-a-member',
    [`/organizations/${id}/requests`]: 'security#who-can-become-a-member',
    [`/organizations/${id}/settings`]: 'security#what-is-kept-and-for-how-long',
    [`/roles/${roleId}`]: 'tokens#when-they-change',
    '/roles': 'tokens',
  };
  for (const [screen, place] of Object.entries(places)) {
    await page.goto(at(screen));
    const link = page.getByRole('main').getByRole('link', { name: 'opens in a new tab' });
    await expect(link).toHaveAttribute('href', `/console/help/${place}`);
  }
  const opened = page.waitForEvent('popup');
  await page.getByRole('main').getByRole('link', { name: 'How an application reads them' }).click();
  await expect((await opened).getByRole('heading', { level: 1 })).toHaveText(
    'Reading memberships from a token',
  );
});

test('the details of an error lead to what its code means', async ({ page }) => {
  await page.goto(at('/organizations/nobody'));
  await page.getByRole('alert').getByText('Details').click();
  const opened = page.waitForEvent('popup');
  await page.getByRole('link', { name: 'What this code means' }).click();
  const row = (await opened).getByRole('row', { name: 'organization.not_found' });
  await expect(row).toBeFocused();
});
