import {
  ask,
  page as at,
  defaultRolesOf,
  domainsOf,
  organization,
  role,
  signUp,
  unique,
} from './support/api.ts';
import { expect, message, paste, pickRole, test } from './support/console.ts';

test('an organization is created, three of its pasted domains are mended or dropped, and a user joins', async ({
  page,
}) => {
  const name = unique('acme');
  await page.goto(at(''));
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Id' }).fill(name);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();

  const good = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map(
    (sub) => `${sub}.${name}.example`,
  );
  const [a, b, c, d, e, f, g] = good;
  const domains = page.getByRole('textbox', { name: 'Add email domains' });
  await domains.focus();
  await paste(
    page,
    `${a}, ${b}\n${c};gmail.com ${d}\r\njane@${name}.example,${e}, localhost\n${f}\t${g}`,
  );
  const review = page.getByRole('dialog', { name: 'Check what you pasted' });
  for (const reason of [
    '1 is a public mailbox provider',
    '1 is an email address',
    '1 has no dot',
  ]) {
    await expect(review.getByRole('button', { name: reason })).toBeVisible();
  }
  await review.getByRole('button', { name: 'Fix all 1' }).click();
  await review.getByRole('button', { name: 'Drop all 2' }).click();
  await review.getByRole('button', { name: 'Add 8 domains' }).click();
  await pickRole(page, 'Default roles', `${name} engineer`);
  await expect(page.getByText('8 domains added · 1 role added (1 new)')).toBeVisible();
  await domains.fill('localhost');
  await page.getByRole('button', { name: 'Save changes' }).click();

  const refused = page.getByRole('alert').filter({ hasText: 'refused. No domain is saved yet' });
  await expect(refused).toContainText('The default roles are saved.');
  expect(await domainsOf(name)).toEqual([]);
  expect(await defaultRolesOf(name)).toEqual([`${name} engineer`]);
  await refused.getByRole('button', { name: 'Drop localhost' }).click();
  await expect(refused).toBeHidden();
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PUT') requests.push(new URL(request.url()).pathname);
  });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden();
  expect(requests).toEqual([`/organizations/${name}/jit/email-domains`]);

  await page.reload();
  const links = page.getByRole('table', { name: 'Email domains' }).getByRole('link');
  await expect(links).toHaveText([...good, `${name}.example`].sort());
  await expect(page.getByRole('button', { name: `Remove ${name} engineer` })).toBeVisible();

  await signUp(`jane@${name}.example`);
  await page.getByRole('link', { name: 'Members' }).click();
  const row = page.getByRole('row').filter({ hasText: `jane@${name}.example` });
  await expect(row).toContainText(`${name} engineer`);
  await expect(row).toContainText(`By ${name}.example, when signing up`);
});

test('saving sends only the list that changed, and roles before domains', async ({ page }) => {
  const id = await organization('order', ['order.example']);
  const { name } = await role(unique('first'));
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PUT') {
      requests.push(`${new URL(request.url()).pathname} ${request.headers()['if-match']}`);
    }
  });
  await page.goto(at(`/organizations/${id}`));
  await pickRole(page, 'Default roles', name);
  await page.getByRole('textbox', { name: 'Add email domains' }).fill('second.example ');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  expect(requests).toEqual([
    expect.stringMatching(`^/organizations/${id}/jit/roles "[^"]+"$`),
    expect.stringMatching(`^/organizations/${id}/jit/email-domains "[^"]+"$`),
  ]);
});

test('a conflicting edit in a second page is shown, and both edits are kept', async ({
  page,
  context,
}) => {
  const id = await organization('conflict', ['old.example', 'stays.example']);
  const theirs = await context.newPage();
  for (const one of [page, theirs]) {
    await one.goto(at(`/organizations/${id}`));
    await expect(one.getByText('old.example')).toBeVisible();
  }
  await theirs.getByRole('button', { name: 'Remove old.example' }).click();
  await theirs.getByRole('textbox', { name: 'Add email domains' }).fill('theirs.example ');
  await theirs.getByRole('button', { name: 'Save changes' }).click();
  await expect(message(theirs, 'The provisioning is saved.')).toBeVisible();

  await page.getByRole('textbox', { name: 'Add email domains' }).fill('mine.example ');
  await page.getByRole('button', { name: 'Save changes' }).click();
  const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });
  await expect(conflict).toContainText('Domains they addedtheirs.example');
  await expect(conflict).toContainText('Domains they removedold.example');
  expect(await domainsOf(id)).toEqual(['stays.example', 'theirs.example']);
  await conflict.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  expect(await domainsOf(id)).toEqual(['mine.example', 'stays.example', 'theirs.example']);
  await expect(conflict).toBeHidden();
});

test('after a conflict, the edit of the other page can be kept alone', async ({ page }) => {
  const id = await organization('theirs', ['old.example']);
  const { id: theirRole, name } = await role(unique('theirs'));
  await page.goto(at(`/organizations/${id}`));
  await pickRole(page, 'Default roles', unique('mine'));
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [theirRole] });
  await page.getByRole('button', { name: 'Save changes' }).click();
  const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });
  await expect(conflict).toContainText(`Default roles they added${name}`);
  await conflict.getByRole('button', { name: 'Use theirs, discard mine' }).click();
  await expect(conflict).toBeHidden();
  await expect(page.getByRole('button', { name: `Remove ${name}` })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden();
  expect(await defaultRolesOf(id)).toEqual([name]);
});

test('leaving unsaved changes asks first, within the console and for other sites', async ({
  page,
}) => {
  const id = await organization('guard');
  await page.goto(at(`/organizations/${id}`));
  await page.getByRole('textbox', { name: 'Add email domains' }).fill('unsaved.example ');
  await page.getByRole('link', { name: 'Roles', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await expect(page.getByText('unsaved.example')).toBeVisible();

  const asked = page.waitForEvent('dialog');
  const closed = page.close({ runBeforeUnload: true });
  const beforeUnload = await asked;
  expect(beforeUnload.type()).toBe('beforeunload');
  await beforeUnload.dismiss();
  await closed;
  await expect(page.getByText('unsaved.example')).toBeVisible();

  await page.getByRole('link', { name: 'Roles', exact: true }).click();
  await dialog.getByRole('button', { name: 'Discard changes' }).click();
  await expect(page.getByRole('heading', { name: 'Organization roles' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('textbox', { name: 'Add email domains' })).toBeVisible();
  await expect(page.getByText('unsaved.example')).toBeHidden();
});
