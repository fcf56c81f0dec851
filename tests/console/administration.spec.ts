import {
  ask,
  askText,
  page as at,
  defaultRolesOf,
  organization,
  role,
  unique,
} from './support/api.ts';
import { expect, message, test } from './support/console.ts';

test('a role is created, renamed and deleted, and members lose it', async ({ page }) => {
  const [before, after] = [unique('before'), unique('after')];
  await page.goto(at('/roles'));
  await page.getByRole('button', { name: 'Create role' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill(before);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const row = (name: string) => page.getByRole('row').filter({ hasText: name });
  await row(before)
    .getByRole('button', { name: `Actions for ${before}` })
    .click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(after);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(row(after)).toBeVisible();
  await expect(row(before)).toBeHidden();

  await page.getByRole('button', { name: `Actions for ${after}` }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: `Delete “${after}”?` });
  await expect(dialog).toContainText('Members who hold this role lose it at once');
  await dialog.getByRole('button', { name: 'Delete role' }).click();
  await expect(row(after)).toBeHidden();
});

test('a name in use is refused, and the dialog stays open', async ({ page }) => {
  const { name } = await role(unique('taken'));
  await page.goto(at('/roles'));
  await page.getByRole('button', { name: 'Create role' }).first().click();
  const field = page.getByRole('textbox', { name: 'Name' });
  await field.fill(name.toUpperCase());
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText(/name/i);
  await expect(field).toHaveValue(name.toUpperCase());
});

test('an id in use is refused, and the dialog stays open', async ({ page }) => {
  const id = await organization('twice');
  await page.goto(at('/organizations'));
  await page.getByRole('button', { name: 'Create organization' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Twice');
  const field = page.getByRole('textbox', { name: 'Id' });
  await field.fill(id);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText(id);
  await expect(field).toHaveValue(id);
});

test('saving settings sends only what changed', async ({ page }) => {
  const id = await organization('settings');
  await page.goto(at(`/organizations/${id}/settings`));
  await page.getByRole('textbox', { name: 'Description' }).fill('A customer since 2026');
  const request = page.waitForRequest((sent) => sent.method() === 'PATCH');
  await page.getByRole('button', { name: 'Save changes' }).click();
  expect((await request).postDataJSON()).toEqual({ description: 'A customer since 2026' });
  await expect(message(page, 'The settings are saved.')).toBeVisible();

  const data = page.getByRole('textbox', { name: 'Custom data' });
  await data.fill('{"plan": ');
  await data.blur();
  await expect(page.getByText('This is not JSON')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeDisabled();
  await data.fill('{"plan": "free"}');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden();
  expect(await ask('GET', `/organizations/${id}`)).toMatchObject({ customData: { plan: 'free' } });
});

test('custom data is shown and saved as it is written', async ({ page }) => {
  const id = await organization('exact');
  const path = `/organizations/${id}`;
  const stored = String.raw`{"tenant":9007199254740993,"price":1.50,"e":"\u00e9\/","plan":"free"}`;
  await askText('PATCH', path, `{"customData":${stored}}`);
  await page.goto(at(`${path}/settings`));
  const data = page.getByRole('textbox', { name: 'Custom data' });
  const shown = String.raw`{
  "tenant": 9007199254740993,
  "price": 1.50,
  "e": "\u00e9\/",
  "plan": "free"
}`;
  await expect(data).toHaveValue(shown);
  await data.fill(shown.replace('free', 'gold'));
  const save = page.getByRole('button', { name: 'Save changes' });
  await save.click();
  await expect(save).toBeHidden();
  const changed = stored.replace('free', 'gold');
  expect(await askText('GET', path)).toContain(`"customData":${changed},`);

  for (const [text, reason] of [
    ['{"a": [0, 1e400]}', '^At /a/1: This number is too large'],
    ['{"a": 1, "a": 2}', '^At /a: This name appears twice'],
    [String.raw`{"a": "\ud800"}`, '^At /a: This text contains half a character'],
    [JSON.stringify({ a: 'x'.repeat(8192) }), '^This is too long'],
  ] as const) {
    await data.fill(text);
    await save.click();
    await expect(data).toHaveAccessibleDescription(new RegExp(reason));
    await expect(page.getByRole('alert')).toBeHidden();
  }
  expect(await askText('GET', path)).toContain(`"customData":${changed},`);
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(data).toHaveValue(shown.replace('free', 'gold'));
});

test('an organization is deleted after confirmation', async ({ page }) => {
  const id = await organization('deleted');
  await page.goto(at(`/organizations/${id}/settings`));
  await page.getByRole('button', { name: 'Delete organization' }).click();
  const dialog = page.getByRole('dialog', { name: `Delete “${id}”?` });
  await expect(dialog).toContainText('All its members lose their membership at once');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Delete organization' }).click();
  await dialog.getByRole('textbox', { name: 'Name of the organization' }).fill(id);
  await dialog.getByRole('button', { name: 'Delete organization' }).click();
  await expect(page.getByRole('heading', { name: 'Organizations' })).toBeVisible();
  await expect(page.getByRole('link', { name: id })).toBeHidden();
});

test('the preview of an address shows the decision, the roles and the checks', async ({ page }) => {
  const id = await organization('tried', ['tried.example']);
  const { id: roleId, name } = await role(unique('starter'));
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [roleId] });
  expect(await defaultRolesOf(id)).toEqual([name]);
  await page.goto(at(`/organizations/${id}`));
  const field = page.getByRole('textbox', { name: 'An email address to try' });
  await field.fill('jane@tried.example');
  await expect(page.getByText('Becomes a member', { exact: true })).toBeVisible();
  await expect(page.getByText(`Roles: ${name}`)).toBeVisible();
  await field.fill('jane@elsewhere.example');
  await expect(page.getByText('Is not admitted')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Checks' }).getByRole('listitem')).toHaveCount(3);
  await field.fill('jane');
  await expect(page.getByRole('list', { name: 'Checks' }).getByRole('listitem')).toHaveCount(1);
});
