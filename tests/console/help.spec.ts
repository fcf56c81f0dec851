import { page as at, organization } from './support/api.ts';
import { expect, test } from './support/console.ts';

test('the help lists the documents, and each has its own address and title', async ({ page }) => {
  await page.goto(at('/roles'));
  await page.getByRole('link', { name: 'Help' }).click();
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

test('help beside a screen opens in a new tab, so that nothing typed is lost', async ({ page }) => {
  await page.goto(at(`/organizations/${await organization('helped')}/members`));
  const opened = page.waitForEvent('popup');
  await page.getByRole('link', { name: 'Who can become a member' }).click();
  const help = await opened;
  await expect(help).toHaveURL(at('/help/security#who-can-become-a-member'));
  await expect(help.getByRole('heading', { name: 'Who can become a member' })).toBeFocused();
});
