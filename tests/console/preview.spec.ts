// Who would be admitted: as saved and with the unsaved changes, and never what was true before.

import type { Page, Route } from '@playwright/test';
import {
  ask,
  page as at,
  identityProvider,
  organization,
  role,
  signUp,
  unique,
  users,
} from './support/api.ts';
import { expect, gate, message, pickRole, problem, test } from './support/console.ts';

const preview = (page: Page) => page.getByRole('region', { name: 'Who would be admitted?' });
const address = (page: Page) => page.getByRole('textbox', { name: 'An email address to try' });
const provider = (page: Page) => preview(page).getByLabel('Identity provider');
const checking = (page: Page) => page.getByText('Checking this address');
const PREVIEW = /\/jit\/preview$/;

/**
 * Decides about the answers of the preview through one route that stays. Requests that are on their way while a route is
 * removed are answered by the browser itself, at a moment that no test can tell.
 */
async function decideAnswers(page: Page) {
  const pass = (route: Route) => route.continue();
  let awaited = Promise.resolve();
  let answer = pass;
  await page.route(PREVIEW, async (route) => {
    await awaited;
    await answer(route);
  });
  return {
    /** Holds back all answers until the function that is returned is called. */
    hold: () => {
      const [opened, letGo] = gate();
      awaited = opened;
      return letGo;
    },
    /** Refuses whatever is asked from now on. */
    refuse: () => {
      answer = (route) => route.fulfill(problem(403, 'Forbidden', 'Not for you.'));
    },
  };
}

test('the preview answers about unsaved changes too, and says both if they differ', async ({
  page,
}) => {
  const id = await organization('both', ['saved.example']);
  const name = unique('Auditor');
  await page.goto(at(`/organizations/${id}`));
  await address(page).fill('jane@saved.example');
  await expect(preview(page)).toContainText('Becomes a member');
  await expect(preview(page)).toContainText('Rule: saved.example');
  await expect(preview(page)).not.toContainText('As saved');

  await pickRole(page, 'Default roles', name);
  await expect(preview(page)).toContainText('As savedBecomes a memberRoles: none');
  await expect(preview(page)).toContainText(
    `With your unsaved changesBecomes a memberRoles: ${name} (new)`,
  );
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('textbox', { name: 'Add email domains' }).fill('new.example ');
  await expect(preview(page)).toContainText('As saved, and with your unsaved changes');
  await address(page).fill('jane@new.example');
  await expect(preview(page)).toContainText('As savedIs not admitted');
  await expect(preview(page)).toContainText('With your unsaved changesBecomes a member');

  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  await expect(preview(page)).toContainText('Becomes a member');
  await expect(preview(page)).not.toContainText('Is not admitted');
});

test('unsaved changes that would be refused are named in the preview', async ({ page }) => {
  const id = await organization('refused', ['saved.example']);
  await page.goto(at(`/organizations/${id}`));
  await page.getByRole('textbox', { name: 'Add email domains' }).fill('other.example, localhost');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await address(page).fill('jane@saved.example');
  const alert = preview(page).getByRole('alert');
  await expect(alert).toContainText('Your unsaved changes cannot be checked');
  await expect(alert).toContainText('localhost: This is not a whole domain');
  await expect(preview(page)).toContainText('Becomes a member');
});

test('the preview answers for identity providers and for existing users', async ({ page }) => {
  const id = await organization('sign-in', ['listed.example']);
  const okta = await identityProvider('Okta');
  await ask('PUT', `/organizations/${id}/jit/sso-connectors`, { ssoConnectorIds: [okta] });
  await ask('PATCH', `/organizations/${id}/jit/email-domains/listed.example`, {
    existingUsers: 'request',
  });
  await page.goto(at(`/organizations/${id}`));
  await address(page).fill('jane@other.example');
  await expect(preview(page)).toContainText('Is not admitted');
  await provider(page).fill(okta);
  await expect(preview(page)).toContainText('Becomes a member');
  await expect(preview(page)).toContainText(`Rule: identity provider ${okta}`);
  await provider(page).fill('');
  await address(page).fill('jane@listed.example');
  await expect(preview(page)).toContainText('Becomes a member');
  await preview(page).getByText('Existing user').click();
  await expect(preview(page)).toContainText('Asks to become a member');
  await expect(preview(page)).toContainText('An administrator approves or declines the request');

  // With unsaved settings of a provider.
  await provider(page).fill(okta);
  await expect(preview(page)).toContainText(`Rule: identity provider ${okta}`);
  await page.getByRole('button', { name: `Settings of ${okta}` }).click();
  await page.getByRole('dialog').getByRole('radio', { name: 'Nothing' }).check();
  await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
  await expect(preview(page)).toContainText('As savedBecomes a member');
  // A user of a provider never joins by the domain of the address.
  await expect(preview(page)).toContainText('With your unsaved changesIs not admitted');
});

test('there is no old verdict under a new address, provider, user or draft', async ({ page }) => {
  const id = await organization('awaited', ['known.example']);
  const answers = await decideAnswers(page);
  await page.goto(at(`/organizations/${id}`));
  const verdict = preview(page).getByText('Becomes a member', { exact: true });
  await address(page).fill('jane@known.example');
  await expect(verdict).toBeVisible();
  const changes: [change: () => Promise<void>, back: () => Promise<void>][] = [
    [() => address(page).fill('joe@known.example'), () => address(page).fill('jane@known.example')],
    [() => provider(page).fill('Okta'), () => provider(page).fill('')],
    [
      () => preview(page).getByText('Existing user').click(),
      () => preview(page).getByText('New user').click(),
    ],
    [
      () => page.getByRole('textbox', { name: 'Add email domains' }).fill('another.example '),
      () => page.getByRole('button', { name: 'Discard' }).click(),
    ],
  ];
  for (const [change, back] of changes) {
    const letGo = answers.hold();
    await change();
    await expect(checking(page)).toBeVisible();
    await expect(verdict).toBeHidden();
    letGo();
    await expect(checking(page)).toBeHidden();
    await back();
    await expect(verdict).toBeVisible();
  }

  answers.refuse();
  await address(page).fill('jim@known.example');
  await expect(preview(page).getByRole('alert')).toBeVisible();
  await expect(verdict).toBeHidden();
});

test('the preview says who is a member already', async ({ page }) => {
  const id = await organization('member', ['member.example']);
  const email = `jane@${id}.example`;
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [`${id}.example`] });
  await signUp(email);
  await page.goto(at(`/organizations/${id}`));
  await address(page).fill(email);
  await expect(preview(page)).toContainText('Already a member since');
  await expect(preview(page)).toContainText(`By ${id}.example, when signing up`);
  await address(page).fill(`joe@${id}.example`);
  await expect(preview(page)).toContainText('Becomes a member');
  await expect(preview(page)).not.toContainText('Already a member');
});

test('whoever was removed is put back from the preview, with the roles from before', async ({
  page,
}) => {
  const id = await organization('removed');
  const email = `jane@${id}.example`;
  const { id: viewer } = await role(unique('viewer'));
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [`${id}.example`] });
  const [user] = await users([email]);
  await ask('PUT', `/organizations/${id}/users/${user}/roles`, { organizationRoleIds: [viewer] });
  await ask('DELETE', `/organizations/${id}/users/${user}`);
  await page.goto(at(`/organizations/${id}`));
  await address(page).fill(email);
  await expect(preview(page)).toContainText('Is not admitted');
  await expect(preview(page)).toContainText('Removed on');
  await preview(page).getByRole('button', { name: 'Put back' }).click();
  await expect(page.getByText(`${email} is a member again.`)).toBeVisible();
  await expect(preview(page)).toContainText('Already a member since');
  const members = await ask<{ organizationRoles: { id: string }[] }[]>(
    'GET',
    `/organizations/${id}/users`,
  );
  expect(members.map(({ organizationRoles }) => organizationRoles.map((role) => role.id))).toEqual([
    [viewer],
  ]);
});

test('an address whose account is gone leads to the removed members', async ({ page }) => {
  const id = await organization('gone');
  const email = `jane@${id}.example`;
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [`${id}.example`] });
  const [user] = await users([email]);
  await ask('DELETE', `/organizations/${id}/users/${user}`);
  await ask('DELETE', `/users/${user}`);
  await page.goto(at(`/organizations/${id}`));
  await address(page).fill(email);
  await expect(preview(page)).toContainText('No account has proven this address at present.');
  await expect(preview(page).getByRole('link', { name: 'Removed members' })).toBeVisible();
});

test('the preview answers about unsaved settings of a domain', async ({ page }) => {
  const id = await organization('settings', ['set.example']);
  await page.goto(at(`/organizations/${id}?domain=set.example`));
  const setting = (name: string) => page.getByRole('combobox', { name, exact: true });
  await setting('New users').selectOption('On request');
  await setting('Existing users').selectOption('Off');
  await page.getByRole('checkbox', { name: 'Also its subdomains' }).check();
  await page.getByRole('link', { name: 'All email domains' }).click();
  await address(page).fill('jane@mail.set.example');
  await expect(preview(page)).toContainText('As savedIs not admitted');
  await expect(preview(page)).toContainText('With your unsaved changesAsks to become a member');
  await expect(preview(page)).toContainText('Rule: set.example, with its subdomains');
  await preview(page).getByText('Existing user').click();
  await address(page).fill('jane@set.example');
  await expect(preview(page)).toContainText('As savedBecomes a member');
  await expect(preview(page)).toContainText('With your unsaved changesIs not admitted');
});

test('the preview lets nobody in by a new domain that DNS has to prove first', async ({ page }) => {
  const id = await organization('unproven');
  await page.goto(at(`/organizations/${id}`));
  await page.getByRole('textbox', { name: 'Add email domains' }).fill('unproven.example ');
  await address(page).fill('jane@unproven.example');
  await expect(preview(page)).toContainText('With your unsaved changesBecomes a member');
  await page.getByRole('link', { name: 'unproven.example', exact: true }).click();
  await page.getByRole('checkbox', { name: 'Prove ownership first' }).check();
  await page.getByRole('link', { name: 'All email domains' }).click();
  await address(page).fill('jane@unproven.example');
  await expect(preview(page)).toContainText('Is not admitted');
  await expect(preview(page)).not.toContainText('Becomes a member');
});
