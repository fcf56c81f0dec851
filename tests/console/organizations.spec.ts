import type { Page } from '@playwright/test';
import {
  ask,
  askText,
  page as at,
  domainsOf,
  organization,
  role,
  unique,
  usher,
} from './support/api.ts';
import { expect, problem, test } from './support/console.ts';

const conflictOn = (page: Page) =>
  page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });

test('an organization with unsaved settings is deleted without a question about them', async ({
  page,
}) => {
  const id = await organization('unsaved');
  await page.goto(at(`/organizations/${id}/settings`));
  await page.getByRole('textbox', { name: 'Description' }).fill('Not saved');
  await deleteOnPage(page, id);
  await expect(page.getByRole('heading', { level: 1, name: 'Organizations' })).toBeVisible();
  await expect(page.getByText(`The organization “${id}” is deleted.`)).toBeVisible();
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(page).toHaveURL(at('/organizations'));
});

test('settings stay as they were typed while a deletion fails', async ({ page }) => {
  const id = await organization('undeleted');
  await page.goto(at(`/organizations/${id}/settings`));
  const description = page.getByRole('textbox', { name: 'Description' });
  await description.fill('Kept');
  const path = `${usher()}/organizations/${id}`;
  await page.route(path, (route) =>
    route.request().method() === 'DELETE'
      ? route.fulfill(problem(500, 'Internal Server Error', 'Usher has a defect.'))
      : route.continue(),
  );
  await deleteOnPage(page, id);
  const dialog = page.getByRole('dialog', { name: `Delete “${id}”?` });
  await expect(dialog.getByRole('alert')).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(description).toHaveValue('Kept');
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeVisible();
});

test('a deletion that stops half-way says that the organization is deleted, and goes on', async ({
  page,
}) => {
  const id = await organization('partly');
  await page.goto(at(`/organizations/${id}/members`));
  await page.getByRole('link', { name: 'Settings' }).click();
  let requests = 0;
  let answer = () => {};
  const waiting = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route(`${usher()}/organizations/${id}`, async (route) => {
    if (route.request().method() !== 'DELETE') return route.continue();
    requests += 1;
    if (requests === 1) {
      const response = await route.fetch();
      return route.fulfill({ response, headers: { 'retry-after': '1' } });
    }
    if (requests === 2) {
      await waiting;
      return route.fulfill(problem(503, 'Service Unavailable', 'The table did not answer.'));
    }
    return route.continue();
  });
  await deleteOnPage(page, id);
  const dialog = page.getByRole('dialog', { name: `“${id}” is deleted` });
  await expect(dialog.getByRole('status')).toContainText('Sent so far: 1');
  await page.keyboard.press('Escape');
  await page.goBack();
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole('button')).toHaveCount(0);
  answer();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await expect(dialog).toContainText('The organization is deleted');
  await dialog.getByRole('button', { name: 'Delete the rest' }).click();
  await expect(page.getByText(`The organization “${id}” is deleted.`)).toBeVisible();
  await expect(page).toHaveURL(at('/organizations'));
  expect(requests).toBe(3);
});

test('the button that deletes waits for the exact name', async ({ page }) => {
  const name = `“Acme”  & <b>Söhne</b> 🚀 مرحبا ${unique('odd')}`;
  const { id } = await ask<{ id: string }>('POST', '/organizations', { name });
  await page.goto(at(`/organizations/${id}/settings`));
  await page.getByRole('button', { name: 'Delete organization' }).click();
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('textbox', { name: 'Name of the organization' });
  const button = dialog.getByRole('button', { name: 'Delete organization' });
  await expect(field).toBeFocused();
  await expect(button).toBeDisabled();
  await expect(button).toHaveAccessibleDescription(/once its name is typed/);
  await field.fill(name.toUpperCase());
  await expect(button).toBeDisabled();
  await field.press('Enter');
  await field.fill(` ${name} `);
  await expect(button).toBeEnabled();
  await field.press('Enter');
  await expect(page.getByText(`The organization “${name}” is deleted.`)).toBeVisible();
});

test('an organization that was deleted elsewhere keeps what was typed, and offers to leave', async ({
  page,
}) => {
  const id = await organization('elsewhere');
  const other = await organization('other');
  await page.goto(at(`/organizations/${id}/settings`));
  const description = page.getByRole('textbox', { name: 'Description' });
  await description.fill('To be copied');
  await ask('DELETE', `/organizations/${id}`);
  await page.getByRole('button', { name: 'Save changes' }).click();
  const gone = page.getByRole('alert').filter({ hasText: 'This organization was deleted' });
  await expect(gone).toBeInViewport();
  await expect(description).toHaveValue('To be copied');
  await gone.getByRole('button', { name: 'Go to the organizations' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Organizations' })).toBeVisible();
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.goto(at(`/organizations/${other}/settings`));
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden();
});

test('provisioning of an organization that was deleted elsewhere can be left', async ({ page }) => {
  const id = await organization('elsewhere');
  await page.goto(at(`/organizations/${id}`));
  await page.getByRole('textbox', { name: 'Add email domains' }).fill('kept.example ');
  await ask('DELETE', `/organizations/${id}`);
  await page.getByRole('button', { name: 'Save changes' }).click();
  const gone = page.getByRole('alert').filter({ hasText: 'This organization was deleted' });
  await expect(gone).toBeInViewport();
  await expect(page.getByText('kept.example')).toBeVisible();
  await page.getByRole('link', { name: 'Roles', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Organization roles' })).toBeVisible();
});

async function deleteOnPage(page: Page, name: string) {
  await page.getByRole('button', { name: 'Delete organization' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name of the organization' }).fill(name);
  await dialog.getByRole('button', { name: 'Delete organization' }).click();
}

test('the searched text and the list agree after each navigation', async ({ page }) => {
  const [one, two] = [await organization('agree'), await organization('agree')];
  await page.goto(at('/organizations'));
  const search = page.getByRole('searchbox');
  const rows = page.getByRole('row').filter({ has: page.getByRole('link') });
  await search.fill(one);
  await expect(rows).toHaveCount(1);
  await page.getByRole('link', { name: one }).click();
  await page.goBack();
  await expect(search).toHaveValue(one);
  await expect(rows).toHaveText([new RegExp(one)]);

  await page.getByRole('link', { name: 'Organizations', exact: true }).click();
  await expect(search).toHaveValue('');
  await expect(page).toHaveURL(at('/organizations'));
  await expect(page.getByRole('link', { name: two })).toBeVisible();
  await page.goBack();
  await expect(search).toHaveValue(one);
  await expect(rows).toHaveText([new RegExp(one)]);
  await page.goForward();
  await expect(search).toHaveValue('');
});

test('a text that is not searched yet does not follow to another page', async ({ page }) => {
  await page.goto(at('/organizations'));
  await page.clock.install();
  const search = page.getByRole('searchbox');
  await search.fill('not yet');
  await page.getByRole('link', { name: 'Organizations', exact: true }).click();
  await expect(search).toHaveValue('');
  await page.clock.runFor(1000);
  await expect(page).toHaveURL(at('/organizations'));

  await search.fill('not yet');
  await page.getByRole('link', { name: 'Roles', exact: true }).click();
  await page.clock.runFor(1000);
  await expect(page.getByRole('heading', { level: 1, name: 'Organization roles' })).toBeVisible();
  await expect(page).toHaveURL(at('/roles'));
});

test('Enter searches at once', async ({ page }) => {
  const id = await organization('enter');
  await page.goto(at('/organizations'));
  await page.clock.install();
  await page.getByRole('searchbox').fill(id);
  await page.getByRole('searchbox').press('Enter');
  await expect(page).toHaveURL(at(`/organizations?q=${id}`));
});

test('Enter saves the settings, and Ctrl+Enter does in a text of several lines', async ({
  page,
}) => {
  const id = await organization('keys');
  await page.goto(at(`/organizations/${id}/settings`));
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill(`${id} renamed`);
  await name.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: `${id} renamed` })).toBeVisible();
  const description = page.getByRole('textbox', { name: 'Description' });
  await description.fill('One line');
  await description.press('Enter');
  await description.press('Control+Enter');
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden();
  expect(await ask('GET', `/organizations/${id}`)).toMatchObject({ description: 'One line' });
  await page.getByRole('textbox', { name: 'Custom data' }).fill('{"plan": "gold"}');
  await page.getByRole('textbox', { name: 'Custom data' }).press('Meta+Enter');
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden();
  expect(await ask('GET', `/organizations/${id}`)).toMatchObject({ customData: { plan: 'gold' } });
});
