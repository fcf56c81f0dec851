// The identity providers of an organization: listed, with settings, in the same draft as the domains.

import type { Page } from '@playwright/test';
import {
  ask,
  page as at,
  domainsOf,
  identityProvider,
  organization,
  providersOf,
  role,
  unique,
} from './support/api.ts';
import { expect, message, pickRole, test } from './support/console.ts';

const section = (page: Page) => page.getByRole('region', { name: 'Identity providers' });
const row = (page: Page, id: string) =>
  section(page)
    .getByRole('listitem')
    .filter({ has: page.getByText(id, { exact: true }) });
const field = (page: Page) => page.getByRole('textbox', { name: 'Add identity providers' });
const dialog = (page: Page) => page.getByRole('dialog');
const save = (page: Page) => page.getByRole('button', { name: 'Save changes' });
const bar = (page: Page) => page.getByRole('region', { name: 'Unsaved changes' });
const isSaved = (page: Page) => expect(message(page, 'The provisioning is saved.')).toBeVisible();

/** Opens the settings of a provider. */
async function settings(page: Page, id: string) {
  await section(page)
    .getByRole('button', { name: `Settings of ${id}` })
    .click();
  await expect(dialog(page)).toBeVisible();
}

/** Chooses in the open settings. */
const choose = (page: Page, choice: string) =>
  dialog(page).getByRole('radio', { name: choice }).check();

async function apply(page: Page) {
  await dialog(page).getByRole('button', { name: 'Apply' }).click();
  await expect(dialog(page)).toBeHidden();
}

/** The writes that a page sends: their method, path and body. */
function writes(page: Page): string[] {
  const sent: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (request.method() === 'GET' || !pathname.includes('/jit/')) return;
    if (pathname.endsWith('/preview')) return;
    const path = pathname.split('/jit/')[1];
    sent.push(`${request.method()} ${path} ${request.headers()['if-match'] ? 'if-match' : ''}`);
  });
  return sent;
}

test('providers are added with their settings, in one draft with domains and roles', async ({
  page,
}) => {
  const id = await organization('providers');
  const [okta, entra] = [await identityProvider('Okta'), await identityProvider('Entra')];
  const auditor = await role(unique('auditor'));
  const starter = await role(unique('starter'));
  await page.goto(at(`/organizations/${id}`));
  const sent = writes(page);

  await field(page).fill(`${okta} ${entra}`);
  await field(page).press('Enter');
  await expect(section(page).getByRole('listitem')).toHaveText([
    new RegExp(`^${okta}New`),
    new RegExp(`^${entra}New`),
  ]);
  await settings(page, entra);
  await choose(page, 'They ask to become a member');
  await choose(page, 'These roles instead');
  await choose(page, 'Only addresses in proven domains');
  await dialog(page).getByRole('button', { name: 'Apply' }).click();
  await expect(dialog(page)).toContainText('Select at least one role');
  await pickRole(page, /^Roles$/, auditor.name);
  await apply(page);
  await expect(row(page, entra)).toContainText(
    `On request · ${auditor.name} · Only addresses in proven domains`,
  );
  await pickRole(page, 'Default roles', starter.name);
  await expect(bar(page)).toContainText('2 identity providers added · 1 role added');
  expect(sent).toEqual([]);

  await save(page).click();
  await isSaved(page);
  await expect(bar(page)).toBeHidden();
  // Each provider is listed with its settings at once, after the roles of those who join by it.
  expect(sent).toEqual([
    'PUT roles if-match',
    'POST sso-connectors if-match',
    'POST sso-connectors if-match',
  ]);
  expect(await providersOf(id)).toEqual([
    { id: entra, enrollment: 'request', organizationRoleIds: [auditor.id], emailDomains: 'listed' },
    { id: okta, enrollment: 'automatic', organizationRoleIds: null, emailDomains: 'any' },
  ]);
  await page.reload();
  await expect(row(page, okta)).toContainText('Automatic · Default roles · Any address');
  await expect(row(page, okta)).toContainText('Added just now');
  await expect(row(page, entra)).not.toContainText('New');
});

test('settings are changed and providers removed, each if nobody else was faster', async ({
  page,
}) => {
  const id = await organization('settings');
  const [okta, entra] = [await identityProvider('Okta'), await identityProvider('Entra')];
  await ask('PUT', `/organizations/${id}/jit/sso-connectors`, { ssoConnectorIds: [okta, entra] });
  await page.goto(at(`/organizations/${id}`));
  const sent = writes(page);
  await settings(page, okta);
  await choose(page, 'No roles');
  await apply(page);
  await expect(row(page, okta)).toContainText('Changed');
  await section(page)
    .getByRole('button', { name: `Remove ${entra}` })
    .click();
  await expect(row(page, entra)).toBeHidden();
  await expect(bar(page)).toContainText('1 identity provider removed, 1 changed');
  await save(page).click();
  await isSaved(page);
  expect(sent).toEqual(['PUT sso-connectors if-match', `PATCH sso-connectors/${okta} if-match`]);
  expect(await providersOf(id)).toEqual([
    { id: okta, enrollment: 'automatic', organizationRoleIds: [], emailDomains: 'any' },
  ]);

  // A change that is taken back is none.
  await settings(page, okta);
  await choose(page, 'Nothing');
  await apply(page);
  await expect(bar(page)).toBeVisible();
  await settings(page, okta);
  await choose(page, 'They become a member');
  await apply(page);
  await expect(bar(page)).toBeHidden();
});

test('an unknown provider is shown at its place, and keeps its settings when it is renamed', async ({
  page,
}) => {
  const id = await organization('unknown');
  const okta = await identityProvider('Okta');
  const wrong = okta.toUpperCase();
  await page.goto(at(`/organizations/${id}`));
  await field(page).fill(`${wrong}\n`);
  await section(page).getByRole('button', { name: 'Add', exact: true }).click();
  await settings(page, wrong);
  await choose(page, 'They ask to become a member');
  await apply(page);
  await save(page).click();
  await expect(page.getByRole('alert')).toContainText('1 identity provider refused');
  await expect(page.getByRole('alert')).toBeFocused();
  await expect(row(page, wrong)).toContainText('The user pool has no such identity provider');
  await expect(bar(page)).toContainText('1 identity provider refused');
  expect(await providersOf(id)).toEqual([]);

  await settings(page, wrong);
  await dialog(page).getByRole('textbox', { name: 'Name in the user pool' }).fill(okta);
  await apply(page);
  await expect(page.getByRole('alert')).toBeHidden();
  await save(page).click();
  await isSaved(page);
  expect(await providersOf(id)).toMatchObject([{ id: okta, enrollment: 'request' }]);
});

test('the changes of two people are merged setting by setting', async ({ page }) => {
  const id = await organization('merge');
  const [okta, entra] = [await identityProvider('Okta'), await identityProvider('Entra')];
  const list = `/organizations/${id}/jit/sso-connectors`;
  await ask('PUT', list, { ssoConnectorIds: [okta] });
  await page.goto(at(`/organizations/${id}`));
  await settings(page, okta);
  await choose(page, 'They ask to become a member');
  await apply(page);
  await ask('PATCH', `${list}/${okta}`, { enrollment: 'off', organizationRoleIds: [] });
  await ask('POST', list, { ssoConnectorIds: [entra] });
  await save(page).click();
  const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });
  await expect(conflict).toContainText(`Identity providers they added${entra}`);
  await expect(conflict).toContainText(`Enrollment of ${okta}: you both changed it. Theirs:Off`);
  await expect(conflict).toContainText(`Roles of ${okta}: they changed it toNo roles`);
  await expect(row(page, okta)).toContainText('On request · No roles · Any address');
  expect(await providersOf(id)).toMatchObject([{ id: entra }, { id: okta, enrollment: 'off' }]);

  await conflict.getByRole('button', { name: `Use theirs: Enrollment of ${okta}` }).click();
  await expect(row(page, okta)).toContainText('Off · No roles · Any address');
  await settings(page, okta);
  await choose(page, 'They ask to become a member');
  await apply(page);
  await save(page).click();
  await isSaved(page);
  expect(await providersOf(id)).toMatchObject([
    { id: entra },
    { id: okta, enrollment: 'request', organizationRoleIds: [] },
  ]);
});

test('a name that is only typed is saved too, and one that is listed already is not lost', async ({
  page,
}) => {
  const id = await organization('typed');
  const [okta, entra] = [await identityProvider('Okta'), await identityProvider('Entra')];
  await ask('PUT', `/organizations/${id}/jit/sso-connectors`, { ssoConnectorIds: [okta] });
  await page.goto(at(`/organizations/${id}`));
  await field(page).fill(okta);
  await field(page).press('Enter');
  await expect(page.getByText(`${okta} is already listed.`)).toBeVisible();
  await expect(field(page)).toHaveValue(okta);
  await field(page).fill(entra);
  await expect(bar(page)).toContainText('Text in a field is not added yet');
  await save(page).click();
  await isSaved(page);
  await expect(field(page)).toHaveValue('');
  expect((await providersOf(id)).map((provider) => provider.id)).toEqual([entra, okta]);
});

test('discarding drops providers as it drops domains', async ({ page }) => {
  const id = await organization('discard', ['kept.example']);
  const okta = await identityProvider('Okta');
  await page.goto(at(`/organizations/${id}`));
  await field(page).fill(`${okta} typed`);
  await field(page).press('Enter');
  await field(page).fill('more');
  await page.getByRole('button', { name: 'Discard', exact: true }).click();
  await expect(bar(page)).toBeHidden();
  await expect(section(page).getByRole('listitem')).toHaveCount(0);
  await expect(field(page)).toHaveValue('');
  expect(await domainsOf(id)).toEqual(['kept.example']);
});

test('a provider at which everybody can have an account is refused', async ({ page }) => {
  const id = await organization('social');
  await identityProvider('Google', { isUnique: false });
  await page.goto(at(`/organizations/${id}`));
  await field(page).fill('Google');
  await save(page).click();
  await expect(row(page, 'Google')).toContainText('Everybody can have an account at this provider');
  await section(page).getByRole('button', { name: 'Remove Google' }).click();
  await expect(page.getByRole('alert')).toBeHidden();
  await expect(bar(page)).toBeHidden();
});

test('refused providers take the focus after a save on the page of a domain', async ({ page }) => {
  const id = await organization('away', ['away.example']);
  await page.goto(at(`/organizations/${id}`));
  await field(page).fill('Acme-Unknown');
  await field(page).press('Enter');
  await page.getByRole('link', { name: 'away.example', exact: true }).click();
  await page.getByRole('combobox', { name: 'New users', exact: true }).selectOption('Off');
  await expect(bar(page)).toContainText('1 domain changed · 1 identity provider added');
  await save(page).click();
  await expect(page.getByRole('alert')).toBeFocused();
  await expect(page.getByRole('alert')).toContainText('1 identity provider refused');
  await expect(bar(page)).toContainText('1 identity provider refused');
  await expect(bar(page)).not.toContainText('1 domain changed');
});
