import type { Page } from '@playwright/test';
import { ask, page as at, organization, role, unique, users } from './support/api.ts';
import { expect, hold, keepMessages, paste, pickRole, problem, test } from './support/console.ts';

interface Member {
  id: string;
  primaryEmail: string;
  organizationRoles: { id: string; name: string }[];
}

/** An organization with so many members, the first of whom joined first. */
async function withMembers(count: number) {
  const id = unique('people');
  const domain = `${id}.example`;
  await organizationOf(id, domain);
  const emails = Array.from({ length: count }, (_, index) => `p${1000 + index}@${domain}`);
  return { id, domain, emails, ids: await users(emails) };
}

async function organizationOf(id: string, domain: string) {
  await ask('POST', '/organizations', { id, name: id });
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [domain] });
}

async function memberOf(id: string, email: string): Promise<Member | undefined> {
  const path = `/organizations/${id}/users?q=${encodeURIComponent(email)}`;
  return (await ask<Member[]>('GET', path))[0];
}

const rolesOf = async (id: string, email: string) =>
  (await memberOf(id, email))?.organizationRoles.map(({ name }) => name);

const rows = (page: Page) => page.getByRole('row').filter({ has: page.getByRole('checkbox') });
const rowOf = (page: Page, email: string) => page.getByRole('row').filter({ hasText: email });
const find = (page: Page) => page.getByRole('searchbox', { name: 'Find members' });

/** Selects an act of a member's menu. */
async function act(page: Page, email: string, name: string) {
  await rowOf(page, email)
    .getByRole('button', { name: `Actions for ${email}` })
    .click();
  await page.getByRole('menuitem', { name }).click();
}

/** The number of the page's requests that match. */
function countRequests(page: Page, method: string, path: RegExp) {
  const seen: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (request.method() === method && path.test(pathname + search)) seen.push(pathname + search);
  });
  return seen;
}

const status = (page: Page, text: string | RegExp) =>
  page.getByRole('status').filter({ hasText: text });

test('members are shown a hundred at a time, and a removal does not fetch all of them again', async ({
  page,
}) => {
  test.setTimeout(600_000);
  const { id, emails } = await withMembers(201);
  const first = emails[0] ?? '';
  await page.goto(at(`/organizations/${id}/members`));
  await expect(status(page, '201 members')).toBeVisible();
  await expect(rows(page)).toHaveCount(100);

  await find(page).fill(first.slice(0, 5));
  await expect(status(page, '0 found among the 100 members loaded')).toBeVisible();
  await expect(page.getByText(`No member matches “${first.slice(0, 5)}”`)).toBeVisible();
  await find(page).fill(first);
  await expect(status(page, '1 found in the whole organization')).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(first);
  await page.reload();
  await expect(find(page)).toHaveValue(first);
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await expect(rows(page)).toHaveCount(100);

  const more = page.getByRole('button', { name: 'Show more' });
  await more.focus();
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveCount(200);
  await expect(more).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveCount(201);
  await expect(rows(page).nth(200).getByRole('checkbox')).toBeFocused();
  await expect(page.getByText('All 201 members are shown.')).toBeVisible();

  const lists = countRequests(page, 'GET', /\/users\?page_size=100/);
  await act(page, first, 'Remove');
  await expect(page.getByText(`${first} is removed.`)).toBeVisible();
  await expect(rows(page)).toHaveCount(200);
  await expect(page.locator('tr button:focus')).toHaveAccessibleName(/^Actions for/);
  await expect.poll(() => lists.length).toBe(1);
  await page.keyboard.press('Control+Z');
  await expect(status(page, '201 members')).toBeVisible();
  await expect(rows(page).first()).toContainText(first);
  await expect(rows(page)).toHaveCount(201);
  expect(lists).toHaveLength(2);
});

test('the ID of a user can be copied, and finds the member in the whole organization', async ({
  page,
}) => {
  const { id, emails, ids } = await withMembers(2);
  const [email = '', userId = ''] = [emails[0], ids[0]];
  await page.goto(at(`/organizations/${id}/members`));
  await rowOf(page, email)
    .getByRole('button', { name: `Copy ${userId}` })
    .click();
  await find(page).focus();
  await page.keyboard.press('Control+V');
  await expect(find(page)).toHaveValue(userId);
  await expect(status(page, '1 found in the whole organization')).toBeVisible();
  await expect(rows(page)).toHaveText(new RegExp(email));
});

test('filters are part of the address, and the field and the list agree after going back', async ({
  page,
}) => {
  const { id, domain, emails, ids } = await withMembers(3);
  const { id: roleId, name } = await role(unique('auditor'));
  const [first = '', second = '', third = ''] = emails;
  await ask('POST', `/organizations/${id}/users/${ids[0]}/roles`, {
    organizationRoleIds: [roleId],
  });
  const [byHand] = await users([`hand@${unique('elsewhere')}.example`]);
  await ask('POST', `/organizations/${id}/users`, { userIds: [byHand] });
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rows(page)).toHaveCount(4);
  await page.getByRole('combobox', { name: 'Role' }).fill(name);
  await page.getByRole('option', { name }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(first);
  await expect(page).toHaveURL(new RegExp(`role=${roleId}`));

  await page.getByRole('button', { name: 'Any role' }).click();
  await expect(rows(page)).toHaveCount(4);
  const joined = page.getByRole('combobox', { name: 'How they joined' });
  await joined.click();
  await page.getByRole('option', { name: 'Added by hand' }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText('Added by hand');
  await joined.click();
  await page.getByRole('option', { name: domain, exact: true }).click();
  await expect(rows(page)).toHaveCount(3);

  await find(page).fill(second.slice(0, 5));
  await expect(rows(page)).toHaveCount(1);
  await expect(status(page, '1 found among all')).toBeVisible();
  await expect(page).toHaveURL(/q=/);
  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await expect(find(page)).toHaveValue(second.slice(0, 5));
  await page.getByRole('link', { name: 'Removed members' }).click();
  await expect(page.getByText('No removed members')).toBeVisible();
  await page.goBack();
  await expect(find(page)).toHaveValue(second.slice(0, 5));
  await expect(rows(page)).toHaveCount(1);
  await page.goBack();
  await expect(rows(page)).toContainText('Added by hand');
  await expect(find(page)).toHaveValue('');
  await page.goForward();
  await expect(find(page)).toHaveValue(second.slice(0, 5));
  await expect(rows(page)).toHaveCount(1);

  await find(page).fill('nobody');
  await expect(
    page.getByText(/compares the address, user name and user ID of the 3 members/),
  ).toBeVisible();
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(find(page)).toHaveValue('');
  await expect(rows(page)).toHaveCount(4);
  await expect(page).toHaveURL(/\/members$/);
  await expect(rowOf(page, third)).toBeVisible();
});

test('a removal is undone with the roles from before, but those that were deleted meanwhile', async ({
  page,
}) => {
  const { id, emails, ids } = await withMembers(3);
  const kept = await role(unique('kept'));
  const lost = await role(unique('lost'));
  const email = emails[1] ?? '';
  const organizationRoleIds = [kept.id, lost.id];
  await ask('POST', `/organizations/${id}/users/${ids[1]}/roles`, { organizationRoleIds });
  await page.goto(at(`/organizations/${id}/members`));
  await act(page, email, 'Remove');
  const offer = page.getByRole('region', { name: 'What can be undone' });
  await expect(offer).toContainText(`${email} is removed.`);
  await expect(rowOf(page, email)).toBeHidden();
  await expect(page.locator('tr button:focus')).toHaveAccessibleName(/^Actions for/);
  expect(await memberOf(id, email)).toBeUndefined();

  await ask('DELETE', `/organization-roles/${lost.id}`);
  await offer.getByRole('button', { name: 'Undo' }).click();
  await expect(
    page.getByText(`deleted in the meantime could not be restored: “${lost.name}”`),
  ).toBeVisible();
  await expect(rowOf(page, email)).toContainText(kept.name);
  expect(await rolesOf(id, email)).toEqual([kept.name]);
  await expect(offer.getByRole('button')).toHaveCount(0);
});

test('an offer to undo stays twenty seconds, and longer while it has the focus', async ({
  page,
}) => {
  const { id, emails } = await withMembers(2);
  await page.clock.install();
  await page.goto(at(`/organizations/${id}/members`));
  await act(page, emails[0] ?? '', 'Remove');
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.focus();
  // From here on, time passes only for the page, and only as told.
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 60_000);
  await expect(undo).toBeFocused();
  await find(page).focus();
  await page.clock.runFor(19_000);
  await expect(undo).toBeVisible();
  await page.clock.runFor(1_000);
  await expect(undo).toBeHidden();
});

test('an undo that fails can be tried again', async ({ page }) => {
  const { id, emails } = await withMembers(1);
  const email = emails[0] ?? '';
  await page.goto(at(`/organizations/${id}/members`));
  await act(page, email, 'Remove');
  await expect(page.getByText('Nobody is a member yet')).toBeVisible();
  await page.route('**/users', (route) => route.abort());
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('This was not undone.')).toBeVisible();
  await page.unroute('**/users');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(rowOf(page, email)).toBeVisible();
});

test('other accounts with the same address are named before they are removed, and come back too', async ({
  page,
}) => {
  const { id, domain, emails, ids } = await withMembers(2);
  const email = emails[0] ?? '';
  const second = await ask<Member>('POST', '/users', {
    primaryEmail: email,
    username: `${unique('second')}@${domain}`,
    sendInvitation: false,
  });
  const { id: roleId, name } = await role(unique('holder'));
  await ask('POST', `/organizations/${id}/users/${second.id}/roles`, {
    organizationRoleIds: [roleId],
  });
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rows(page)).toHaveCount(3);
  await rowOf(page, ids[0] ?? '')
    .getByRole('button', { name: /^Actions/ })
    .click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  const dialog = page.getByRole('dialog', { name: `Remove ${email}?` });
  await expect(dialog.getByRole('list', { name: 'Other accounts' })).toContainText(second.id);
  await dialog.getByRole('button', { name: 'Remove member' }).click();
  await expect(page.getByText('with 1 other account with the same address')).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(rows(page)).toHaveCount(3);
  await expect(rowOf(page, second.id)).toContainText(name);
});

test('a member whom somebody else has removed meanwhile goes without an offer to undo it', async ({
  page,
}) => {
  const { id, emails, ids } = await withMembers(2);
  const email = emails[0] ?? '';
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rows(page)).toHaveCount(2);
  await ask('DELETE', `/organizations/${id}/users/${ids[0]}`);
  await act(page, email, 'Remove');
  await expect(page.getByText(`Somebody else has already removed ${email}.`)).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'Undo' })).toBeHidden();
});

test('removed members are put back, with the default roles selected', async ({ page }) => {
  const { id, emails, ids } = await withMembers(3);
  const { id: roleId, name } = await role(unique('starter'));
  for (const userId of ids) await ask('DELETE', `/organizations/${id}/users/${userId}`);
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [roleId] });
  await page.goto(at(`/organizations/${id}/members`));
  await page.getByRole('link', { name: 'Removed members' }).click();
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).first()).toContainText(emails[2] ?? '');
  for (const email of emails.slice(0, 2)) {
    await page.getByRole('checkbox', { name: `Select ${email}` }).check();
  }
  await page.getByRole('button', { name: 'Put back' }).click();
  const dialog = page.getByRole('dialog', { name: 'Put 2 users back?' });
  await expect(dialog.getByRole('button', { name: `Remove ${name}` })).toBeVisible();
  await dialog.getByRole('button', { name: 'Put back' }).click();
  await expect(rows(page)).toHaveCount(1);
  expect(await rolesOf(id, emails[0] ?? '')).toEqual([name]);
  expect(await rolesOf(id, emails[1] ?? '')).toEqual([name]);
  expect(await memberOf(id, emails[2] ?? '')).toBeUndefined();
});

test('only what is changed of the roles of a member is sent', async ({ page }) => {
  const { id, emails, ids } = await withMembers(1);
  const [mine, theirs, gone] = [
    await role(unique('mine')),
    await role(unique('theirs')),
    await role(unique('gone')),
  ];
  const email = emails[0] ?? '';
  const path = `/organizations/${id}/users/${ids[0]}/roles`;
  await ask('POST', path, { organizationRoleIds: [gone.id] });
  await page.goto(at(`/organizations/${id}/members`));
  await act(page, email, 'Change roles');
  await pickRole(page, `Roles of ${email}`, mine.name);
  await page.getByRole('button', { name: `Remove ${gone.name}` }).click();
  await ask('POST', path, { organizationRoleIds: [theirs.id] });
  await ask('DELETE', `/organization-roles/${gone.id}`);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText(`The roles of ${email} are saved.`)).toBeVisible();
  await expect(rowOf(page, email)).toContainText(theirs.name);
  expect(await rolesOf(id, email)).toEqual([mine.name, theirs.name].sort());
});

test('many members get roles, and lose them, and keep the others', async ({ page }) => {
  const { id, emails, ids } = await withMembers(4);
  const [held, added] = [await role(unique('held')), await role(unique('added'))];
  await ask('POST', `/organizations/${id}/users/roles`, {
    userIds: ids,
    organizationRoleIds: [held.id],
  });
  await page.goto(at(`/organizations/${id}/members`));
  await page.getByRole('checkbox', { name: 'Select all 4 shown' }).check();
  await page.getByRole('checkbox', { name: `Select ${emails[3]}` }).uncheck();
  await expect(page.getByText('3 selected')).toBeVisible();
  await page.getByRole('button', { name: 'Add roles' }).click();
  await pickRole(page, 'Roles to add', added.name);
  await page.getByRole('dialog').getByRole('button', { name: 'Add roles' }).click();
  await expect(page.getByText('The roles were added to 3 members.')).toBeVisible();
  for (const email of emails.slice(0, 3)) {
    expect(await rolesOf(id, email)).toEqual([added.name, held.name].sort());
    await expect(rowOf(page, email)).toContainText(added.name);
  }
  expect(await rolesOf(id, emails[3] ?? '')).toEqual([held.name]);

  await page.getByRole('checkbox', { name: 'Select all 4 shown' }).check();
  await page.getByRole('button', { name: 'Remove roles' }).click();
  await page.getByRole('checkbox', { name: `${held.name} (4)` }).check();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove roles' }).click();
  await expect(page.getByText('The roles were removed from 4 members.')).toBeVisible();
  expect(await rolesOf(id, emails[0] ?? '')).toEqual([added.name]);
  expect(await rolesOf(id, emails[3] ?? '')).toEqual([]);
});

test('a connection that is lost within a removal of many says who is left, and it goes on', async ({
  page,
}) => {
  const { id, emails, ids } = await withMembers(9);
  await page.goto(at(`/organizations/${id}/members`));
  await page.getByRole('checkbox', { name: 'Select all 9 shown' }).check();
  await page.getByRole('button', { name: 'Remove members' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toHaveAccessibleName('Remove 9 members?');
  let most = 0;
  let running = 0;
  let answered = 0;
  await page.route(`**/organizations/${id}/users/*`, async (route) => {
    if (route.request().method() !== 'DELETE') return route.continue();
    most = Math.max(most, ++running);
    const ok = answered++ < 3;
    await (ok ? route.continue() : route.abort());
    running--;
  });
  await dialog.getByRole('button', { name: 'Remove 9 members' }).click();
  await expect(dialog.getByRole('alert')).toContainText('6 of 9 members could not be removed');
  await expect(dialog.getByRole('list', { name: 'Not done' }).getByRole('listitem')).toHaveCount(6);
  expect(most).toBeLessThanOrEqual(4);
  await page.unroute(`**/organizations/${id}/users/*`);
  await dialog.getByRole('button', { name: 'Remove 6 members' }).click();
  await expect(page.getByText('Nobody is a member yet')).toBeVisible();
  const undo = page.getByRole('button', { name: 'Undo' });
  await expect(undo).toHaveCount(2);
  await undo.first().click();
  await expect(rows(page)).toHaveCount(3);
  // The members are there before the offer goes.
  await expect(undo).toHaveCount(1);
  await undo.click();
  await expect(rows(page)).toHaveCount(9);
  expect(ids).toHaveLength(emails.length);
});

test('members who lack default roles are counted, and get them', async ({ page }) => {
  const { id, emails, ids } = await withMembers(3);
  const [first, second] = [await role(unique('one')), await role(unique('two'))];
  await ask('PUT', `/organizations/${id}/jit/roles`, {
    organizationRoleIds: [first.id, second.id],
  });
  await ask('POST', `/organizations/${id}/users/${ids[0]}/roles`, {
    organizationRoleIds: [first.id, second.id],
  });
  await ask('POST', `/organizations/${id}/users/${ids[1]}/roles`, {
    organizationRoleIds: [first.id],
  });
  await page.goto(at(`/organizations/${id}/members`));
  await page.getByRole('button', { name: 'Give default roles' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('2 of 3 members lack at least one default role');
  await expect(dialog.getByRole('listitem')).toHaveText([
    `${first.name}: 1 member without it`,
    `${second.name}: 2 members without it`,
  ]);
  await page.route('**/users/roles', (route) => route.fulfill({ status: 503, body: '{}' }));
  await dialog.getByRole('button', { name: 'Give to 2 members' }).click();
  await expect(dialog.getByRole('alert')).toContainText('2 of 2 members could not be given');
  await page.unroute('**/users/roles');
  await dialog.getByRole('button', { name: 'Give to 2 members' }).click();
  await expect(page.getByText('The default roles were given to 2 members.')).toBeVisible();
  for (const email of emails) {
    expect(await rolesOf(id, email)).toEqual([first.name, second.name].sort());
  }
});

test('roles are given only once it is known who lacks them, and to nobody else', async ({
  page,
}) => {
  const { id } = await withMembers(1);
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rows(page)).toHaveCount(1);
  const answer = await hold(page, /\/jit\/roles$/);
  await page.getByRole('button', { name: 'Give default roles' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('status')).toContainText('Reading the members');
  await expect(dialog.getByRole('button')).toHaveText(['', 'Cancel', 'Give the roles']);
  await expect(dialog.getByRole('button', { name: 'Give the roles' })).toBeDisabled();
  answer();
  await expect(dialog).toContainText('This organization has no default roles');
  await expect(dialog.getByRole('button')).toHaveText(['', 'Done']);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toBeHidden();
});

test('several users are added at once, and each entry says what was found', async ({ page }) => {
  const { id, domain, emails, ids } = await withMembers(2);
  const { id: roleId, name } = await role(unique('newcomer'));
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [roleId] });
  await ask('DELETE', `/organizations/${id}/users/${ids[1]}`);
  const other = unique('other');
  const [found, removed, member] = [`found@${other}.example`, emails[1] ?? '', emails[0] ?? ''];
  const [byId] = await users([`byid@${other}.example`]);
  await users([found]);
  const claimed = `claimed@${other}.example`;
  await ask('POST', '/users', {
    primaryEmail: claimed,
    emailVerified: false,
    sendInvitation: false,
  });
  const twice = `twice@${other}.example`;
  const [one] = await users([twice]);
  await ask('POST', '/users', {
    primaryEmail: twice,
    username: `${unique('again')}@${other}.example`,
    sendInvitation: false,
  });
  const nobody = `nobody@${domain}`;

  await page.goto(at(`/organizations/${id}/members`));
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add members' });
  const field = dialog.getByRole('textbox', { name: 'Email addresses or user IDs' });
  await expect(field).toBeFocused();
  await paste(page, [found, byId, removed, member, claimed, twice, nobody].join('\n'));
  const entry = (text: string) =>
    dialog
      .getByRole('list', { name: 'Users to add' })
      .getByRole('listitem')
      .filter({ hasText: text });
  await expect(entry(found).getByRole('checkbox')).toBeChecked();
  await expect(entry(byId ?? '').getByRole('checkbox')).toBeChecked();
  await expect(entry(removed)).toContainText('Removed earlier. Adding this user puts them back.');
  await expect(entry(member)).toContainText('Already a member');
  await expect(entry(claimed)).toContainText('has not proven the address');
  await expect(entry(claimed).getByRole('checkbox')).not.toBeChecked();
  await expect(entry(twice).getByRole('checkbox')).toHaveCount(2);
  for (const checkbox of await entry(twice).getByRole('checkbox').all()) {
    await expect(checkbox).not.toBeChecked();
  }
  await expect(entry(nobody)).toContainText('Nobody in the user pool');
  await expect(dialog.getByRole('button', { name: `Remove ${name}` })).toBeVisible();

  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('3 entries are left');
  await expect(dialog.getByRole('listitem')).toHaveCount(3);
  await entry(twice)
    .getByRole('checkbox', { name: one ?? '' })
    .check();
  await dialog.getByRole('button', { name: `Leave out ${claimed}` }).click();
  await dialog.getByRole('button', { name: `Leave out ${nobody}` }).click();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(rows(page)).toHaveCount(5);
  for (const email of [found, removed, twice]) expect(await rolesOf(id, email)).toEqual([name]);
  expect(await rolesOf(id, byId ?? '')).toEqual([name]);
  expect(await rolesOf(id, member)).toEqual([]);
});

test('what is typed into the dialog is kept when adding fails', async ({ page }) => {
  const id = await organization('kept');
  const email = `typed@${unique('kept')}.example`;
  await users([email]);
  await page.goto(at(`/organizations/${id}/members`));
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add members' });
  await dialog.getByRole('textbox', { name: 'Email addresses or user IDs' }).fill(email);
  await page.route(`**/organizations/${id}/users`, (route) => route.abort());
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('Usher cannot be reached');
  await expect(dialog.getByRole('listitem')).toContainText(email);
  await page.unroute(`**/organizations/${id}/users`);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(rowOf(page, email)).toContainText('Added by hand');
});

test('an organization that somebody deletes meanwhile is said', async ({ page }) => {
  const { id, emails } = await withMembers(1);
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rows(page)).toHaveCount(1);
  await ask('DELETE', `/organizations/${id}`);
  await act(page, emails[0] ?? '', 'Remove');
  await expect(page.getByRole('alert').filter({ hasText: 'Nobody was removed' })).toBeVisible();
});

test('nobody is said to be missing in the whole organization before the API has answered so', async ({
  page,
}) => {
  const { id, emails } = await withMembers(1);
  const email = `other-${emails[0]}`;
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rows(page)).toHaveCount(1);
  const answer = await hold(page, /[?&]q=/, {
    end: (route) => route.fulfill(problem(403, 'Forbidden', 'No')),
  });
  const missing = page.getByText('Nobody in the whole organization has exactly this');
  await find(page).fill(email);
  await expect(page).toHaveURL(/q=/);
  await expect(page.getByText('Looking in the whole organization…')).toBeVisible();
  await expect(missing).toBeHidden();
  answer();
  const alert = page.getByRole('alert');
  await expect(alert).toBeVisible();
  await expect(missing).toBeHidden();
  await page.unroute(/[?&]q=/);
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(missing).toBeVisible();
  await expect(alert).toBeHidden();
});

test('the dialog of a member stays with its input when the list becomes empty', async ({
  page,
}) => {
  const { id, emails, ids } = await withMembers(1);
  const email = emails[0] ?? '';
  const { name } = await role(unique('auditor'));
  await page.goto(at(`/organizations/${id}/members`));
  await act(page, email, 'Change roles');
  await pickRole(page, `Roles of ${email}`, name);
  await ask('DELETE', `/organizations/${id}/users/${ids[0]}`);
  await page.evaluate(() => dispatchEvent(new Event('visibilitychange')));
  await expect(page.getByText('Nobody is a member yet')).toBeVisible();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: `Remove ${name}` })).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();

  await page.getByRole('link', { name: 'Removed members' }).click();
  await act(page, email, 'Put back');
  await pickRole(page, /^Roles$/, name);
  await ask('POST', `/organizations/${id}/users`, { userIds: ids });
  await page.evaluate(() => dispatchEvent(new Event('visibilitychange')));
  await expect(page.getByText('No removed members')).toBeVisible();
  await expect(dialog.getByRole('button', { name: `Remove ${name}` })).toBeVisible();
});

test('Ctrl-Z undoes a removal from a checkbox, but not behind a dialog or in a text', async ({
  page,
}) => {
  const { id, emails } = await withMembers(3);
  await keepMessages(page);
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rows(page)).toHaveCount(3);
  for (const email of emails.slice(0, 2)) {
    await page.getByRole('checkbox', { name: `Select ${email}` }).check();
  }
  await page.getByRole('button', { name: 'Remove members' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove 2 members' }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByRole('dialog')).toBeHidden();
  const undo = page.getByRole('button', { name: 'Undo' });
  await expect(undo).toBeVisible();
  const sent = countRequests(page, 'POST', /\/users$/);

  await find(page).focus();
  await page.keyboard.press('Control+Z');
  await act(page, emails[2] ?? '', 'Change roles');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).focus();
  await page.keyboard.press('Control+Z');
  await page.keyboard.press('Enter');
  // Keys belong to a dialog until it has faded out.
  await expect(page.locator('[role="dialog"], [role="menu"]')).toHaveCount(0);
  await expect(undo).toBeVisible();
  expect(sent).toEqual([]);

  await page.getByRole('checkbox', { name: `Select ${emails[2]}` }).focus();
  await page.keyboard.press('Control+Z');
  await expect(rows(page)).toHaveCount(3);
  await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(0);
});

test('roles are selected only when the default roles are known', async ({ page }) => {
  const { id, emails, ids } = await withMembers(1);
  const email = emails[0] ?? '';
  const [starter, other] = [await role(unique('starter')), await role(unique('other'))];
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [starter.id] });
  await ask('DELETE', `/organizations/${id}/users/${ids[0]}`);
  const answer = await hold(page, /jit\/roles$/, {
    end: (route) => route.fulfill(problem(403, 'Forbidden', 'No')),
  });
  await page.goto(at(`/organizations/${id}/members/removed`));
  await act(page, email, 'Put back');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('Loading the default roles…')).toBeVisible();
  await expect(dialog.getByRole('combobox')).toHaveCount(0);
  answer();
  await expect(dialog.getByRole('alert')).toContainText('The default roles could not be loaded.');
  await expect(dialog.getByRole('combobox')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await page.getByRole('link', { name: 'Members', exact: true }).first().click();
  await page.getByRole('button', { name: 'Add members' }).click();
  await dialog.getByRole('textbox', { name: 'Email addresses or user IDs' }).fill(email);
  await expect(dialog.getByRole('alert')).toContainText('The default roles could not be loaded.');
  await page.unroute(/jit\/roles$/);
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await pickRole(page, 'Roles of the new members', other.name);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(rowOf(page, email)).toBeVisible();
  expect(await rolesOf(id, email)).toEqual([other.name, starter.name].sort());
});

test('somebody who was removed just now is said to have been removed', async ({ page }) => {
  const { id, emails } = await withMembers(2);
  const email = emails[0] ?? '';
  await page.goto(at(`/organizations/${id}/members`));
  const dialog = page.getByRole('dialog', { name: 'Add members' });
  const look = async () => {
    await page.getByRole('button', { name: 'Add members' }).click();
    await dialog.getByRole('textbox', { name: 'Email addresses or user IDs' }).fill(email);
    await page.keyboard.press('Enter');
  };
  await look();
  await expect(dialog.getByRole('listitem')).toContainText('Already a member');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await act(page, email, 'Remove');
  await expect(rowOf(page, email)).toBeHidden();
  await look();
  await expect(dialog.getByRole('listitem')).toContainText('Removed earlier');
});

for (const width of [390, 1280]) {
  test(`what can be undone covers no bar, and no message covers it, at ${width} px`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: 800 });
    const { id, emails } = await withMembers(6);
    const { name } = await role(unique('auditor'));
    await keepMessages(page);
    await page.goto(at(`/organizations/${id}/members`));
    const undo = page.getByRole('button', { name: 'Undo' });
    for (const email of emails.slice(0, 4)) {
      await act(page, email, 'Remove');
      await expect(page.getByText(`${email} is removed.`)).toBeVisible();
    }
    await expect(undo).toHaveCount(3);
    await expect(page.getByText(`${emails[0]} is removed.`)).toBeHidden();
    const last = emails[5] ?? '';
    await act(page, last, 'Change roles');
    await pickRole(page, `Roles of ${last}`, name);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const told = page.getByRole('alert').filter({ hasText: `The roles of ${last} are saved.` });
    await told.getByRole('button', { name: 'Dismiss' }).click({ trial: true });
    const offers = page.getByRole('region', { name: 'What can be undone' });
    for (const button of await offers.getByRole('button').all()) {
      await button.click({ trial: true });
    }

    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('textbox', { name: 'Description' }).fill('Another description');
    await page.getByRole('button', { name: 'Save changes' }).click({ trial: true });
    await page.getByRole('button', { name: 'Discard' }).click({ trial: true });
    for (const button of await undo.all()) await button.click({ trial: true });
  });
}

test('undoing says who was put back already, and leaves their roles', async ({ page }) => {
  const { id, emails, ids } = await withMembers(2);
  const { id: roleId, name } = await role(unique('theirs'));
  const email = emails[0] ?? '';
  await page.goto(at(`/organizations/${id}/members`));
  await act(page, email, 'Remove');
  await expect(rowOf(page, email)).toBeHidden();
  await ask('POST', `/organizations/${id}/users`, {
    userIds: [ids[0]],
    organizationRoleIds: [roleId],
  });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(
    page.getByText(`${email} was already put back. Their roles stay as they are.`),
  ).toBeVisible();
  await expect(rowOf(page, email)).toContainText(name);
});

test('the filters say when they do not show all options', async ({ page }) => {
  const { id, domain } = await withMembers(1);
  const domains = Array.from({ length: 60 }, (_, index) => `d${index}.${domain}`);
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: domains });
  await page.goto(at(`/organizations/${id}/members`));
  const joined = page.getByRole('combobox', { name: 'How they joined' });
  await joined.fill(domain);
  await expect(page.getByRole('option')).toHaveCount(51);
  const more = page.getByRole('option', { name: '50 of 60 shown: type more' });
  await expect(more).toBeDisabled();
  await joined.fill(`d59.${domain}`);
  await expect(page.getByRole('option')).toHaveCount(1);
  await expect(more).toBeHidden();
});
