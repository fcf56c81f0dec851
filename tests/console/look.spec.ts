import type { Locator, Page } from '@playwright/test';
import { ask, page as at, organization, unique } from './support/api.ts';
import { expect, keepMessages, test } from './support/console.ts';

const NOW = new Date('2026-03-12T14:30:00Z');
const SUB = '5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11';

/** Lets the list of roles consist of one role. */
async function only(page: Page, role: { id?: string; createdAt?: string }) {
  const json = [
    { id: SUB, name: 'Only', description: null, createdAt: NOW.toISOString(), ...role },
  ];
  await page.route(/\/organization-roles(\?.*)?$/, (route) => route.fulfill({ json }));
}

test('a date says how long ago it was, goes on counting, and has the exact time', async ({
  page,
}) => {
  await page.clock.install({ time: NOW });
  await only(page, { createdAt: '2026-03-12T14:27:59Z' });
  await page.goto(at('/roles'));
  const time = page.getByRole('time');
  await expect(time.getByText('2 minutes ago')).toBeVisible();
  await expect(time).toHaveAttribute('datetime', '2026-03-12T14:27:59Z');
  const exact = 'Thursday, March 12, 2026 at 10:27:59 AM EDT';
  await expect(time).toHaveAttribute('title', exact);
  await expect(page.getByRole('cell', { name: exact, exact: true })).toBeVisible();
  await page.clock.fastForward('01:00');
  await expect(time.getByText('3 minutes ago')).toBeVisible();
  await page.clock.fastForward('24:00:00');
  await expect(time.getByText('yesterday')).toBeVisible();
});

test('a long id is shortened to the eye, and whole when it is copied or read aloud', async ({
  page,
}) => {
  await only(page, { id: SUB });
  await page.goto(at('/roles'));
  const cell = page.getByRole('cell', { name: SUB });
  const id = cell.getByTitle(SUB);
  await expect(id).toHaveText(SUB);
  // 8 + 4 characters and the dots, not 36, of some 8 px each.
  const width = await id.evaluate((element) => element.getBoundingClientRect().width);
  expect(width).toBeLessThan(130);
  await cell.getByRole('button', { name: `Copy ${SUB}` }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(SUB);
  await page.evaluate(() => navigator.clipboard.writeText('nothing'));
  await id.click({ clickCount: 3 });
  await page.keyboard.press('Control+C');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(SUB);
});

test.describe('on a touch screen', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  test('the button that copies an id shows without a pointer', async ({ page }) => {
    await only(page, { id: SUB });
    await page.goto(at('/roles'));
    const copy = page.getByRole('button', { name: `Copy ${SUB}` });
    await expect(copy).toHaveCSS('opacity', '1');
    await copy.tap();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(SUB);
  });
});

test('messages stand above the bar that saves, and leave the navigation free', async ({ page }) => {
  const id = await organization('messages');
  await keepMessages(page);
  await page.goto(at(`/organizations/${id}/settings`));
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill(`${id} renamed`);
  await page.getByRole('button', { name: 'Save changes' }).click();
  const message = page.getByRole('alert').filter({ hasText: 'The settings are saved.' });
  await expect(message).toBeVisible();
  await name.fill(`${id} again`);
  const bar = page.getByRole('region', { name: 'Unsaved changes' });
  for (const width of [360, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await expect
      .poll(async () => {
        const [above, below] = await Promise.all([message.boundingBox(), bar.boundingBox()]);
        return above && below && above.y > 56 && above.y + above.height <= below.y;
      })
      .toBe(true);
  }
});

test('with colours forced by the system, edges say what backgrounds said', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  const id = await organization('forced', ['forced.example']);
  await page.goto(at(`/organizations/${id}`));
  const tab = (name: string) => page.getByRole('link', { name, exact: true });
  const edge = (locator: Locator) =>
    locator.evaluate((element) => getComputedStyle(element).borderBottomColor);
  expect(await edge(tab('Just-in-time provisioning'))).not.toBe(await edge(tab('Members')));
  const main = page.getByRole('navigation', { name: 'Main' });
  await expect(main.getByRole('link').first()).toHaveCSS('outline-style', 'solid');
  await page.getByRole('combobox', { name: 'Default roles' }).focus();
  await page.keyboard.type(id);
  await expect(page.getByRole('option').first()).toHaveCSS('outline-style', 'solid');
});

test('a row is one line, and on a phone each value has its heading', async ({ page }) => {
  const id = unique('look');
  const description = 'Everything for the hunt, delivered to the desert overnight. '.repeat(4);
  await ask('POST', '/organizations', { id, name: id, description });
  await page.goto(at(`/organizations?q=${id}`));
  const row = page.getByRole('row').filter({ hasText: id });
  const heightOf = async () => (await row.boundingBox())?.height;
  await expect(row).toBeVisible();
  expect(await heightOf()).toBeLessThan(48);
  // The description is shortened, and not the name.
  const cut = (element: Element) => element.scrollWidth > element.clientWidth;
  expect(await row.getByRole('link').evaluate(cut)).toBe(false);
  expect(await row.getByTitle(description.trim()).evaluate(cut)).toBe(true);
  await page.setViewportSize({ width: 900, height: 900 });
  const headings = await row.evaluate((element) =>
    [...element.querySelectorAll('td')].map((cell) => getComputedStyle(cell, '::before').content),
  );
  expect(headings).toEqual(['none', '"Members"', '"Domains"', '"ID"', '"Created"']);
});

test('the label of a checkbox stands beside it', async ({ page }) => {
  const id = await organization('label', ['label.example']);
  const user = await ask<{ id: string }>('POST', '/users', {
    primaryEmail: `${unique('jane')}@label.example`,
  });
  await ask('POST', `/organizations/${id}/users`, { userIds: [user.id] });
  await page.goto(at(`/organizations/${id}/members`));
  const box = await page.getByRole('checkbox', { name: 'Select all 1 shown' }).boundingBox();
  const label = await page.getByText('Select all 1 shown').boundingBox();
  const middle = (of: typeof box) => (of ? of.y + of.height / 2 : 0);
  expect(Math.abs(middle(box) - middle(label))).toBeLessThan(4);
});
