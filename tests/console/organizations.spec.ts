import type { Page } from '@playwright/test';
import { ask, askText, page as at, organization, role, unique, usher } from './support/api.ts';
import { expect, gate, hold, message, problem, test } from './support/console.ts';

const conflictOn = (page: Page) =>
  page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });

/** Holds back the requests that save settings, until the returned function is called. */
const holdSaves = (page: Page, id: string) =>
  hold(page, `${usher()}/organizations/${id}`, { method: 'PATCH' });

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
  const [waiting, answer] = gate();
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
  const one = await organization('agree');
  await organization('agree');
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
  await expect(rows.nth(1)).toBeVisible();
  await page.goBack();
  await expect(search).toHaveValue(one);
  await expect(rows).toHaveText([new RegExp(one)]);
  await page.goForward();
  await expect(search).toHaveValue('');
});

/** From now on, no timer of the page ends by itself. */
async function stopClock(page: Page) {
  await page.clock.install();
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 60_000);
}

test('a text that is not searched yet does not follow to another page', async ({ page }) => {
  await page.goto(at('/organizations'));
  const search = page.getByRole('searchbox');
  await expect(search).toBeVisible();
  await stopClock(page);
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

test('Enter and Tab search at once', async ({ page }) => {
  const id = await organization('enter');
  const members = `/organizations/${id}/members`;
  for (const path of ['/organizations', '/roles', members]) {
    for (const key of ['Enter', 'Tab']) {
      await page.goto(at(path));
      const search = page.getByRole('main').getByRole('searchbox');
      await expect(search).toBeVisible();
      await stopClock(page);
      await search.fill(id);
      await search.press(key);
      await expect(page).toHaveURL(at(`${path}?q=${id}`));
      await page.clock.resume();
    }
  }
});

test('a role keeps the focus when the searched text is applied', async ({ page }) => {
  const { name } = await role(unique('focus'));
  await page.goto(at(`/roles?q=${name.slice(0, -1)}`));
  const link = page.getByRole('link', { name });
  await expect(link).toBeVisible();
  await stopClock(page);
  await page.getByRole('searchbox').fill(name);
  await link.focus();
  await page.clock.runFor(1000);
  await expect(page).toHaveURL(at(`/roles?q=${name}`));
  await expect(link).toBeFocused();
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
  // The name is read again before the save has ended, and until then no other one begins.
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden();
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

test('settings that two pages change are merged, and both versions of one field are shown', async ({
  page,
}) => {
  const id = await organization('merged');
  const path = `/organizations/${id}`;
  await page.goto(at(`${path}/settings`));
  await page.getByRole('textbox', { name: 'Description' }).fill('Mine');
  const data = page.getByRole('textbox', { name: 'Custom data', exact: true });
  await data.fill('{"plan": "mine", "tenant": 9007199254740993}');
  const name = `${id} <theirs> “🚀”`;
  await ask('PATCH', path, { name, customData: { plan: 'theirs' } });
  const save = page.getByRole('button', { name: 'Save changes' });
  await save.click();

  const conflict = conflictOn(page);
  await expect(conflict).toBeFocused();
  await expect(conflict).toBeInViewport();
  await expect(conflict).toContainText(`Name: they changed it to${name}`);
  await expect(conflict).toContainText(
    'Custom data: you both changed it. Theirs:{\n  "plan": "theirs"\n}',
  );
  await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue(name);
  await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('Mine');
  await expect(data).toHaveValue(/"plan": "mine"/);
  expect(await ask('GET', path)).toMatchObject({ name, description: null });

  await conflict.getByRole('button', { name: 'Copy their custom data' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('"plan": "theirs"');
  await conflict.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(message(page, 'The settings are saved.')).toBeVisible();
  await expect(conflict).toBeHidden();
  await expect(save).toBeHidden();
  await expect(page.locator('body')).not.toBeFocused();
  const stored = await askText('GET', path);
  expect(stored).toContain('"customData":{"plan":"mine","tenant":9007199254740993}');
  expect(JSON.parse(stored)).toMatchObject({ name, description: 'Mine' });
});

test('after a conflict, their settings can be taken, field by field or all', async ({ page }) => {
  const id = await organization('taken');
  const path = `/organizations/${id}`;
  await page.goto(at(`${path}/settings`));
  const description = page.getByRole('textbox', { name: 'Description' });
  const data = page.getByRole('textbox', { name: 'Custom data', exact: true });
  const save = page.getByRole('button', { name: 'Save changes' });
  await description.fill('Mine');
  await data.fill('{"a": 1}');
  await ask('PATCH', path, { description: 'Theirs', customData: { a: 2 } });
  await save.click();
  await conflictOn(page).getByRole('button', { name: 'Use their description' }).click();
  await expect(description).toHaveValue('Theirs');
  await expect(description).toBeFocused();
  await conflictOn(page).getByRole('button', { name: 'Use their custom data' }).click();
  await expect(conflictOn(page)).toBeHidden();
  await expect(save).toBeHidden();

  await description.fill('Mine again');
  await ask('PATCH', path, { description: 'Theirs again' });
  await save.click();
  await conflictOn(page).getByRole('button', { name: 'Use theirs, discard mine' }).click();
  await expect(description).toHaveValue('Theirs again');
  await expect(save).toBeHidden();
  expect(await ask('GET', path)).toMatchObject({
    description: 'Theirs again',
    customData: { a: 2 },
  });
});

test('settings whose answer is lost are saved once, and are no conflict with themselves', async ({
  page,
}) => {
  const id = await organization('lost');
  await page.goto(at(`/organizations/${id}/settings`));
  const sent: (string | null)[] = [];
  await page.route(`${usher()}/organizations/${id}`, async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    sent.push(route.request().postData());
    if (sent.length > 1) return route.continue();
    await route.fetch();
    return route.fulfill(problem(503, 'Service Unavailable', 'The answer was lost.'));
  });
  await page.getByRole('textbox', { name: 'Name' }).fill(` ${id} Cafe\u0301 `);
  await page.getByRole('textbox', { name: 'Custom data' }).fill('{"a" : 1.50}');
  const bar = page.getByRole('region', { name: 'Unsaved changes' });
  await bar.getByRole('button', { name: 'Save changes' }).dblclick();
  await expect(bar.getByRole('alert')).toBeVisible();
  expect(sent).toHaveLength(1);
  await bar.getByRole('button', { name: 'Try again' }).click();
  await expect(message(page, 'The settings are saved.')).toBeVisible();
  await expect(bar).toBeHidden();
  await expect(conflictOn(page)).toBeHidden();
});

test('what is typed while the settings are saved stays unsaved', async ({ page }) => {
  const id = await organization('typed');
  await page.goto(at(`/organizations/${id}/settings`));
  const answer = await holdSaves(page, id);
  const name = page.getByRole('textbox', { name: 'Name' });
  const description = page.getByRole('textbox', { name: 'Description' });
  await name.fill(`${id} saved`);
  const requested = page.waitForRequest((request) => request.method() === 'PATCH');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await requested;
  await description.fill('Typed meanwhile');
  answer();
  await expect(page.getByRole('heading', { level: 1, name: `${id} saved` })).toBeVisible();
  await expect(description).toHaveValue('Typed meanwhile');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden();
  expect(await ask('GET', `/organizations/${id}`)).toMatchObject({
    name: `${id} saved`,
    description: 'Typed meanwhile',
  });
});

test('a setting that is changed back while it is saved stays unsaved', async ({ page }) => {
  const id = await organization('back');
  await page.goto(at(`/organizations/${id}/settings`));
  const answer = await holdSaves(page, id);
  const name = page.getByRole('textbox', { name: 'Name' });
  const requested = page.waitForRequest((request) => request.method() === 'PATCH');
  await name.fill(`${id} saved`);
  await page.getByRole('button', { name: 'Save changes' }).click();
  await requested;
  await name.fill(id);
  answer();
  await expect(page.getByRole('heading', { level: 1, name: `${id} saved` })).toBeVisible();
  await expect(name).toHaveValue(id);
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: id, exact: true })).toBeVisible();
});

test('a role that somebody else renames meanwhile is merged', async ({ page }) => {
  const { id, name } = await role(unique('renamed'));
  const path = `/organization-roles/${id}`;
  await page.goto(at(`/roles/${id}`));
  await page.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(`${name} mine`);
  await dialog.getByRole('textbox', { name: 'Description' }).fill('Mine');
  await ask('PATCH', path, { name: `${name} theirs` });
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText(
    `Name: you both changed it. Theirs:${name} theirs`,
  );
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue(`${name} mine`);
  expect(await ask('GET', path)).toMatchObject({ name: `${name} theirs`, description: null });
  await dialog.getByRole('button', { name: 'Use their name' }).click();
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('button', { name: 'Edit' })).toBeFocused();
  expect(await ask('GET', path)).toMatchObject({ name: `${name} theirs`, description: 'Mine' });
});

test('a role that was deleted elsewhere keeps what was typed', async ({ page }) => {
  const { id, name } = await role(unique('deleted'));
  await page.goto(at(`/roles/${id}`));
  await page.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(`${name} renamed`);
  await ask('DELETE', `/organization-roles/${id}`);
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue(`${name} renamed`);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  const gone = page.getByRole('alert').filter({ hasText: 'This role was deleted' });
  await gone.getByRole('button', { name: 'Go to the roles' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Organization roles' })).toBeVisible();
});

/** An organization with two members, who hold a role that is also a default role. */
async function withMembers() {
  const { id: roleId, name: roleName } = await role(unique('held'));
  const id = await organization('held');
  await ask('PUT', `/organizations/${id}/jit/email-domains`, {
    emailDomains: [`${id}.example`, `de.${id}.example`],
  });
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [roleId] });
  for (const name of ['jane', 'joe']) {
    await ask('POST', '/users', { primaryEmail: `${name}@${id}.example`, sendInvitation: false });
  }
  return { id, roleId, roleName };
}

test('an organization says what it is, and so does the list, before it is deleted', async ({
  page,
}) => {
  const { id, roleName } = await withMembers();
  await page.goto(at(`/organizations?q=${id}`));
  const row = page.getByRole('row').filter({ hasText: id });
  await expect(row.getByRole('cell').nth(1)).toHaveText('2');
  await expect(row.getByRole('cell').nth(2)).toHaveText('2');
  await row.getByRole('link').click();
  const overview = page.getByRole('definition');
  await expect(overview.nth(1)).toHaveText('2');
  await expect(overview.nth(2)).toHaveText('2');
  await expect(overview.nth(3)).toHaveText(roleName);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Delete organization' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('2 members, 2 domains');
  await expect(dialog).toContainText(`The ID ${id} can never be used again`);
});

test('the list shows without counts if they cannot be read, and 1,000 means more', async ({
  page,
}) => {
  const id = await organization('counts');
  const counts = (url: URL) => url.searchParams.has('showCounts');
  const failure = problem(500, 'Internal Server Error', 'Usher has a defect.');
  await page.route(counts, (route) => route.fulfill(failure));
  await page.goto(at(`/organizations?q=${id}`));
  const cells = page.getByRole('row').filter({ hasText: id }).getByRole('cell');
  await expect(cells.nth(1)).toContainText('Could not be read');
  await page.unroute(counts);
  await page.route(counts, async (route) => {
    const response = await route.fetch();
    const [first] = (await response.json()) as object[];
    await route.fulfill({ response, json: [{ ...first, usersCount: 1000 }] });
  });
  await page.reload();
  await expect(cells.nth(1)).toHaveText('1,000+1,000 or more');
  await expect(cells.nth(2)).toHaveText('0');
});

test('sizes that cannot be read do not keep anybody from deleting', async ({ page }) => {
  const id = await organization('unsized');
  const { id: roleId } = await role(unique('unsized'));
  const sizes = (url: URL) => url.searchParams.has('showCounts') || url.pathname.endsWith('/usage');
  await page.route(sizes, (route) =>
    route.fulfill(problem(500, 'Internal Server Error', 'Usher has a defect.')),
  );
  await page.goto(at(`/organizations/${id}/settings`));
  await page.getByRole('button', { name: 'Delete organization' }).click();
  await expect(page.getByRole('dialog')).toContainText('could not be counted');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await deleteOnPage(page, id);
  await expect(page.getByText(`The organization “${id}” is deleted.`)).toBeVisible();
  await page.goto(at(`/roles/${roleId}`));
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('dialog')).toContainText('could not be counted');
  await page.getByRole('button', { name: 'Delete role' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Organization roles' })).toBeVisible();
});

test('a role says what uses it, on its page and before it is deleted', async ({ page }) => {
  const { id, roleId, roleName } = await withMembers();
  const other = await organization('giving');
  await ask('PUT', `/organizations/${other}/jit/roles`, { organizationRoleIds: [roleId] });
  await page.goto(at('/roles'));
  await page.getByRole('searchbox').fill(roleName.toUpperCase());
  await page.getByRole('link', { name: roleName }).click();
  await expect(page.getByRole('heading', { level: 1, name: roleName })).toBeVisible();
  await expect(page.getByText('This role is held by 2 members in 1 organization.')).toBeVisible();
  const cells = (name: string) => page.getByRole('row').filter({ hasText: name }).getByRole('cell');
  await expect(cells(id)).toHaveText([id, '2 members', 'By default']);
  await expect(cells(other)).toHaveText([other, 'None', 'By default']);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('held by 2 members in 1 organization');
  await expect(dialog).toContainText('a default role of 2 organizations');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: '2 members' }).click();
  await expect(page).toHaveURL(at(`/organizations/${id}/members?role=${roleId}`));
});

test('roles are found by a part of their name, and the text stays when going back', async ({
  page,
}) => {
  const { name } = await role(unique('findable'));
  await page.goto(at('/roles'));
  const search = page.getByRole('searchbox');
  await search.fill(`nothing ${name}`);
  await expect(page.getByText('No role found for')).toBeVisible();
  await search.fill(name.slice(2));
  await page.getByRole('link', { name }).click();
  await page.goBack();
  await expect(search).toHaveValue(name.slice(2));
  await expect(page.getByRole('row').filter({ has: page.getByRole('link') })).toHaveCount(1);
});

test('a new organization is shown with its next step, and is in the list when going back', async ({
  page,
}) => {
  const name = unique('Fresh');
  await page.goto(at('/organizations'));
  await page.getByRole('searchbox').fill(name);
  await expect(page.getByText('No organization found for')).toBeVisible();
  await page.getByRole('button', { name: 'Create organization' }).first().click();
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('textbox', { name: 'ID' });
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') requests.push(request.url());
  });
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await field.fill('acme.com');
  await field.press('Enter');
  await expect(field).toHaveAccessibleDescription(/letters from A to Z, digits/);
  await expect(field).toBeFocused();
  expect(requests).toEqual([]);
  await field.fill('');
  await dialog.getByRole('textbox', { name: 'Name' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
  await expect(page.getByText('Next, add its email domains')).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('link', { name })).toBeVisible();
});
