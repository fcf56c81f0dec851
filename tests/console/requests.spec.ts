import type { Page } from '@playwright/test';
import {
  ask,
  askingOrganization,
  page as at,
  organization,
  role,
  signIn,
  signUp,
  unique,
  users,
} from './support/api.ts';
import { expect, pickRole, problem, test } from './support/console.ts';

interface Member {
  id: string;
  organizationRoles: { id: string; name: string }[];
  provenance: { rule: string; emailDomain?: string };
}

interface Asking {
  id: string;
  domain: string;
  emails: string[];
  ids: string[];
}

/** An organization that so many ask to join, the first of whom asked first, and the last one last. */
async function withRequests(
  count: number,
  organizationRoleIds: string[] | null = null,
): Promise<Asking> {
  const { id, domain } = await askingOrganization('asked', organizationRoleIds);
  const emails = Array.from({ length: count }, (_, index) => `p${1000 + index}@${domain}`);
  const ids: string[] = [];
  for (const some of [emails.slice(0, 1), emails.slice(1, -1), emails.slice(1).slice(-1)]) {
    ids.push(...(await users(some)));
  }
  return { id, domain, emails, ids };
}

async function memberOf(id: string, email: string): Promise<Member | undefined> {
  const path = `/organizations/${id}/users?q=${encodeURIComponent(email)}`;
  return (await ask<Member[]>('GET', path))[0];
}

const rolesOf = async (id: string, email: string) =>
  (await memberOf(id, email))?.organizationRoles.map(({ name }) => name);

const requestsOf = async (id: string) =>
  (await ask<{ primaryEmail: string }[]>('GET', `/organizations/${id}/join-requests`)).map(
    ({ primaryEmail }) => primaryEmail,
  );

const removedOf = (id: string) =>
  ask<{ userId: string; declined: boolean }[]>('GET', `/organizations/${id}/removed-users`);

const decide = (
  id: string,
  userId: string | undefined,
  act: 'approve' | 'decline',
  body?: object,
) => ask('POST', `/organizations/${id}/join-requests/${userId}/${act}`, body);

const rows = (page: Page) => page.getByRole('row').filter({ has: page.getByRole('checkbox') });
const rowOf = (page: Page, email: string) => page.getByRole('row').filter({ hasText: email });
const tab = (page: Page) => page.getByRole('navigation').getByRole('link', { name: /^Requests/ });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

const open = (page: Page, { id }: { id: string }) => page.goto(at(`/organizations/${id}/requests`));
const openRemoved = (page: Page, { id }: { id: string }, search = '') =>
  page.goto(at(`/organizations/${id}/members/removed${search}`));

test('a request is approved with the roles of its rule, which are shown before', async ({
  page,
}) => {
  const engineer = await role(unique('engineer'));
  const asked = await withRequests(2, [engineer.id]);
  const [first = '', second = ''] = asked.emails;
  const starter = await role(unique('starter'));
  await ask('PUT', `/organizations/${asked.id}/jit/roles`, { organizationRoleIds: [starter.id] });
  await page.goto(at(`/organizations/${asked.id}`));
  await expect(tab(page)).toHaveAccessibleName('Requests 2');
  await tab(page).click();
  await expect(page).toHaveTitle(`Requests · ${asked.id} · Usher`);
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText(first);
  await expect(rowOf(page, first)).toContainText(asked.domain);
  await expect(rowOf(page, first).getByRole('time')).toBeVisible();
  await expect(button(page, `Copy ${asked.ids[0]}`)).toBeAttached();

  await button(page, `Approve ${first}`).click();
  const dialog = page.getByRole('dialog', { name: `Approve ${first}?` });
  await expect(button(page, `Remove ${engineer.name}`)).toBeVisible();
  await expect(button(page, `Remove ${starter.name}`)).toBeHidden();
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText(`${first} is a member now. Roles: ${engineer.name}.`)).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await expect(tab(page)).toHaveAccessibleName('Requests 1');
  expect((await memberOf(asked.id, first))?.provenance).toMatchObject({
    rule: 'email_domain',
    emailDomain: asked.domain,
  });
  expect(await rolesOf(asked.id, first)).toEqual([engineer.name]);
  expect(await requestsOf(asked.id)).toEqual([second]);

  await page.getByRole('navigation').getByRole('link', { name: 'Members', exact: true }).click();
  await expect(rowOf(page, first)).toContainText(engineer.name);
});

test('the default roles are those of a rule without roles of its own, and can be changed', async ({
  page,
}) => {
  const asked = await withRequests(1);
  const [email = ''] = asked.emails;
  const [starter, other] = [await role(unique('starter')), await role(unique('other'))];
  await ask('PUT', `/organizations/${asked.id}/jit/roles`, { organizationRoleIds: [starter.id] });
  await open(page, asked);
  await button(page, `Approve ${email}`).click();
  await button(page, `Remove ${starter.name}`).click();
  await pickRole(page, /^Roles$/, other.name);
  await button(page, 'Approve').click();
  await expect(page.getByText(`${email} is a member now. Roles: ${other.name}.`)).toBeVisible();
  await expect(page.getByText('Nobody asks to join')).toBeVisible();
  await expect(tab(page)).toHaveAccessibleName('Requests');
  expect(await rolesOf(asked.id, email)).toEqual([other.name]);
});

test('requests by rules with different roles get those of each rule, or all the same', async ({
  page,
}) => {
  const [mine, theirs, same] = [
    await role(unique('mine')),
    await role(unique('theirs')),
    await role(unique('same')),
  ];
  const asked = await withRequests(2, [mine.id]);
  const other = `other.${asked.domain}`;
  const listing = { emailDomain: other, enrollment: 'request', organizationRoleIds: [theirs.id] };
  await ask('POST', `/organizations/${asked.id}/jit/email-domains`, listing);
  const [first = '', second = ''] = asked.emails;
  const [third, fourth] = [`jane@${other}`, `joe@${other}`];
  await users([third]);
  await users([fourth]);
  await open(page, asked);
  for (const email of [first, third]) {
    await page.getByRole('checkbox', { name: `Select ${email}` }).check();
  }
  const dialog = page.getByRole('dialog');
  await button(page, 'Approve').click();
  await expect(
    dialog.getByRole('list', { name: 'Roles by rule' }).getByRole('listitem'),
  ).toHaveText([
    `${asked.domain} (1 request): ${mine.name}`,
    `${other} (1 request): ${theirs.name}`,
  ]);
  await button(page, 'Approve 2 requests').click();
  await expect(page.getByText('2 users are members now.')).toBeVisible();
  expect(await rolesOf(asked.id, first)).toEqual([mine.name]);
  expect(await rolesOf(asked.id, third)).toEqual([theirs.name]);

  await page.getByRole('checkbox', { name: 'Select all 2 shown' }).check();
  await button(page, 'Approve').click();
  await button(page, 'Give all of them the same roles').click();
  await button(page, 'Use the roles of the rules').click();
  await button(page, 'Give all of them the same roles').click();
  await pickRole(page, /^Roles$/, same.name);
  await button(page, 'Approve 2 requests').click();
  await expect(page.getByText('Nobody asks to join')).toBeVisible();
  expect(await rolesOf(asked.id, second)).toEqual([same.name]);
  expect(await rolesOf(asked.id, fourth)).toEqual([same.name]);
});

test('declining says what it means, and undoing it lets the user ask again', async ({ page }) => {
  const { id, domain } = await askingOrganization('declined');
  const email = `jane@${domain}`;
  await signUp(email);
  await open(page, { id });
  await button(page, `Decline ${email}`).click();
  const dialog = page.getByRole('dialog', { name: `Decline ${email}?` });
  await expect(dialog).toContainText('does not become a member, and cannot ask again');
  await expect(dialog).toContainText('every account with the same address');
  await expect(dialog).toContainText('appears again only when the user next signs in');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Decline' }).click();
  const offer = page.getByRole('region', { name: 'What can be undone' });
  await expect(offer).toContainText(`${email} is declined.`);
  await expect(page.getByText('Nobody asks to join')).toBeVisible();
  await signIn(email);
  expect(await requestsOf(id)).toEqual([]);
  expect(await removedOf(id)).toMatchObject([{ declined: true }]);

  await offer.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(`${email} is not declined any more.`)).toBeVisible();
  expect(await removedOf(id)).toEqual([]);
  expect(await requestsOf(id)).toEqual([]);
  await signIn(email);
  await page.evaluate(() => dispatchEvent(new Event('visibilitychange')));
  await expect(rowOf(page, email)).toBeVisible();
});

test('an undo after somebody else has made the user a member changes nothing', async ({ page }) => {
  const asked = await withRequests(1);
  const [email = ''] = asked.emails;
  await open(page, asked);
  await button(page, `Decline ${email}`).click();
  await button(page, 'Decline').click();
  await expect(page.getByText(`${email} is declined.`)).toBeVisible();
  await ask('POST', `/organizations/${asked.id}/users`, { userIds: asked.ids });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(`${email}: somebody else has already undone this.`)).toBeVisible();
  expect(await memberOf(asked.id, email)).toBeDefined();
});

test('another request with the same address is named before it is declined too', async ({
  page,
}) => {
  const asked = await withRequests(1);
  const [email = ''] = asked.emails;
  const second = await ask<{ id: string }>('POST', '/users', {
    primaryEmail: email,
    username: `${unique('second')}@${asked.domain}`,
    sendInvitation: false,
  });
  await open(page, asked);
  await expect(rows(page)).toHaveCount(2);
  await rowOf(page, asked.ids[0] ?? '')
    .getByRole('button', { name: /^Decline/ })
    .click();
  await expect(page.getByRole('list', { name: 'Other requests' })).toContainText(second.id);
  await button(page, 'Decline').click();
  await expect(page.getByText('Nobody asks to join')).toBeVisible();
  expect(await removedOf(asked.id)).toHaveLength(2);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('2 declined users are not declined any more.')).toBeVisible();
  expect(await removedOf(asked.id)).toEqual([]);
});

test('what others have decided meanwhile is said for each, and the rest can be tried again', async ({
  page,
}) => {
  const asked = await withRequests(4);
  const [first = '', second = '', third = '', fourth = ''] = asked.emails;
  const { id: theirs, name } = await role(unique('theirs'));
  const mine = await role(unique('mine'));
  await open(page, asked);
  await page.getByRole('checkbox', { name: 'Select all 4 shown' }).check();
  await button(page, 'Approve').click();
  await pickRole(page, /^Roles$/, mine.name);
  await decide(asked.id, asked.ids[0], 'decline');
  await decide(asked.id, asked.ids[1], 'approve', { organizationRoleIds: [theirs] });
  const path = `**/join-requests/${asked.ids[2]}/approve`;
  await page.route(path, (route) => route.fulfill(problem(409, 'Conflict', 'No')));
  const dialog = page.getByRole('dialog');
  await button(page, 'Approve 4 requests').click();
  await expect(dialog.getByRole('alert')).toContainText('2 of 4 requests could not be approved');
  const failed = dialog.getByRole('list', { name: 'Not done' }).getByRole('listitem');
  await expect(failed).toHaveCount(2);
  await expect(failed.filter({ hasText: first })).toContainText('list of removed members');
  await expect(failed.filter({ hasText: third })).toBeVisible();
  expect(await rolesOf(asked.id, second)).toEqual([name]);
  expect(await rolesOf(asked.id, fourth)).toEqual([mine.name]);

  await page.unroute(path);
  await button(page, 'Approve 1 request').click();
  await expect(page.getByText(`${third} is a member now. Roles: ${mine.name}.`)).toBeVisible();
  await expect(page.getByText('Nobody asks to join')).toBeVisible();
  expect(await memberOf(asked.id, first)).toBeUndefined();
});

test('an approval of somebody who is a member by now leaves their roles', async ({ page }) => {
  const asked = await withRequests(1);
  const [email = ''] = asked.emails;
  const [mine, theirs] = [await role(unique('mine')), await role(unique('theirs'))];
  await open(page, asked);
  await button(page, `Approve ${email}`).click();
  await pickRole(page, /^Roles$/, mine.name);
  await ask('POST', `/organizations/${asked.id}/users`, {
    userIds: asked.ids,
    organizationRoleIds: [theirs.id],
  });
  await button(page, 'Approve').click();
  await expect(
    page.getByText(`${email} was already a member. Their roles stay as they are: ${theirs.name}.`),
  ).toBeVisible();
  expect(await rolesOf(asked.id, email)).toEqual([theirs.name]);
});

test('who was approved meanwhile is not declined, and who was declined is not approved', async ({
  page,
}) => {
  const asked = await withRequests(2);
  const [first = '', second = ''] = asked.emails;
  await open(page, asked);
  await button(page, `Decline ${first}`).click();
  await decide(asked.id, asked.ids[0], 'approve', {});
  const dialog = page.getByRole('dialog');
  await button(page, 'Decline').click();
  await expect(dialog.getByRole('alert')).toContainText('This user is already a member');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toBeHidden();
  await expect(rowOf(page, first)).toBeHidden();
  expect(await memberOf(asked.id, first)).toBeDefined();

  await button(page, `Approve ${second}`).click();
  await decide(asked.id, asked.ids[1], 'decline');
  await button(page, 'Approve').click();
  await expect(dialog.getByRole('alert')).toContainText('Somebody else has declined this user');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Nobody asks to join')).toBeVisible();
});

test('a request of a user who is deleted meanwhile is said to be gone', async ({ page }) => {
  const asked = await withRequests(1);
  const [email = ''] = asked.emails;
  await open(page, asked);
  await button(page, `Approve ${email}`).click();
  await ask('DELETE', `/users/${asked.ids[0]}`);
  await button(page, 'Approve').click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert')).toContainText('This request does not exist any more');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Nobody asks to join')).toBeVisible();
});

test('nobody is approved before the roles are known', async ({ page }) => {
  const asked = await withRequests(1);
  const [email = ''] = asked.emails;
  await open(page, asked);
  await page.route(/jit\/roles$/, (route) => route.fulfill(problem(403, 'Forbidden', 'No')));
  await button(page, `Approve ${email}`).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert')).toContainText(
    'The roles of the rules could not be loaded',
  );
  await button(page, 'Approve').click();
  await expect(dialog.getByRole('alert')).toHaveCount(2);
  expect(await memberOf(asked.id, email)).toBeUndefined();
  await page.unroute(/jit\/roles$/);
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await expect(dialog.getByRole('combobox', { name: 'Roles' })).toBeVisible();
  await button(page, 'Approve').click();
  await expect(page.getByText(`${email} is a member now. Roles: none.`)).toBeVisible();
});

test('requests are shown a hundred at a time, the oldest first, and go on after many decisions', async ({
  page,
}) => {
  test.setTimeout(600_000);
  const asked = await withRequests(101);
  await open(page, asked);
  await expect(tab(page)).toHaveAccessibleName('Requests 100 or more');
  await expect(tab(page)).toContainText('100+');
  await expect(rows(page)).toHaveCount(100);
  await expect(rows(page).first()).toContainText(asked.emails[0] ?? '');
  await expect(rowOf(page, asked.emails[100] ?? '')).toBeHidden();
  await page.getByRole('checkbox', { name: 'Select all 100 shown' }).check();
  await button(page, 'Decline').click();
  await button(page, 'Decline 100 requests').click();
  await expect(page.getByText('100 requests are declined.')).toBeVisible({ timeout: 300_000 });
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(asked.emails[100] ?? '');
  await expect(tab(page)).toHaveAccessibleName('Requests 1');

  await openRemoved(page, asked);
  await expect(rows(page)).toHaveCount(100);
  await openRemoved(page, asked, '?show=removed');
  await expect(page.getByText('Nobody was removed')).toBeVisible();
});

test('who was removed and who was declined is told apart, and put back with roles', async ({
  page,
}) => {
  const [held, lost, starter] = [
    await role(unique('held')),
    await role(unique('lost')),
    await role(unique('starter')),
  ];
  const asked = await withRequests(3);
  const [removed = '', declined = '', other = ''] = asked.emails;
  for (const index of [0, 2]) {
    await decide(asked.id, asked.ids[index], 'approve', {
      organizationRoleIds: [held.id, lost.id],
    });
    await ask('DELETE', `/organizations/${asked.id}/users/${asked.ids[index]}`);
  }
  await decide(asked.id, asked.ids[1], 'decline');
  await ask('PUT', `/organizations/${asked.id}/jit/roles`, { organizationRoleIds: [starter.id] });
  await ask('DELETE', `/organization-roles/${lost.id}`);
  await openRemoved(page, asked);
  await expect(rows(page)).toHaveCount(3);
  await expect(rowOf(page, removed)).toContainText('Removed');
  await expect(rowOf(page, removed)).toContainText(held.name);
  await expect(rowOf(page, removed)).not.toContainText(lost.name);
  await expect(rowOf(page, declined)).toContainText('Declined');
  await page.getByText('Declined', { exact: true }).first().click();
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/show=declined/);
  await page.reload();
  await expect(rows(page)).toContainText(declined);
  await page.getByText('All', { exact: true }).click();
  await expect(rows(page)).toHaveCount(3);

  await rowOf(page, other)
    .getByRole('button', { name: /^Actions/ })
    .click();
  await page.getByRole('menuitem', { name: 'Put back' }).click();
  await page.getByRole('radio', { name: 'Other roles' }).check();
  await expect(button(page, `Remove ${starter.name}`)).toBeVisible();
  await button(page, 'Put back').click();
  await expect(rowOf(page, other)).toBeHidden();
  expect(await rolesOf(asked.id, other)).toEqual([starter.name]);

  await page.getByRole('checkbox', { name: 'Select all 2 shown' }).check();
  await button(page, 'Put back').click();
  const dialog = page.getByRole('dialog', { name: 'Put 2 users back?' });
  await expect(dialog.getByRole('radio', { name: 'Roles from before' })).toBeChecked();
  await dialog.getByRole('button', { name: 'Put back' }).click();
  await expect(page.getByText('No removed members')).toBeVisible();
  expect(await rolesOf(asked.id, removed)).toEqual([held.name]);
  expect(await rolesOf(asked.id, declined)).toEqual([starter.name]);
});

test('the rules decide again about those whose marks are cleared', async ({ page }) => {
  const { id, domain } = await askingOrganization('again');
  const emails = [`jane@${domain}`, `joe@${domain}`, `kim@${domain}`];
  for (const email of emails) await signUp(email);
  const found = await ask<{ userId: string; primaryEmail: string }[]>(
    'GET',
    `/organizations/${id}/join-requests`,
  );
  for (const { userId } of found) await decide(id, userId, 'decline');
  const [first = '', second = '', third = ''] = emails;
  await openRemoved(page, { id });
  await rowOf(page, first)
    .getByRole('button', { name: /^Actions/ })
    .click();
  await page.getByRole('menuitem', { name: 'Let the rules decide again' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Nobody becomes a member now.');
  await button(page, 'Let the rules decide').click();
  await expect(page.getByText(`The rules decide again about ${first}.`)).toBeVisible();
  await expect(rows(page)).toHaveCount(2);
  await signIn(first);
  expect(await requestsOf(id)).toEqual([first]);

  const byEmail = (email: string) => found.find(({ primaryEmail }) => primaryEmail === email);
  await page.getByRole('checkbox', { name: 'Select all 2 shown' }).check();
  await button(page, 'Let the rules decide again').click();
  await ask('POST', `/organizations/${id}/users`, { userIds: [byEmail(second)?.userId] });
  const path = `**/removed-users/${byEmail(third)?.userId}`;
  await page.route(path, (route) => route.abort());
  await button(page, 'Let the rules decide').click();
  await expect(dialog.getByRole('alert')).toContainText('could not be changed');
  await expect(dialog.getByRole('list', { name: 'Not done' })).toContainText(third);
  await page.unroute(path);
  await button(page, 'Let the rules decide').click();
  await expect(page.getByText('No removed members')).toBeVisible();
  expect(await memberOf(id, second)).toBeDefined();
});

test('undoing a removal gives back the roles that were held then', async ({ page }) => {
  const id = unique('held');
  const email = `jane@${id}.example`;
  await ask('POST', '/organizations', { id, name: id });
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [`${id}.example`] });
  const [userId] = await users([email]);
  const { id: roleId, name } = await role(unique('theirs'));
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rowOf(page, email)).toContainText('No roles');
  await page.getByRole('button', { name: `Actions for ${email}` }).click();
  // Between the reading and the removal.
  await page.route(`**/users/${userId}`, async (route) => {
    await ask('POST', `/organizations/${id}/users/${userId}/roles`, {
      organizationRoleIds: [roleId],
    });
    await route.continue();
  });
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await expect(page.getByText(`${email} is removed.`)).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(rowOf(page, email)).toContainText(name);
  expect(await rolesOf(id, email)).toEqual([name]);
});

test('adding by hand says who asks to join and who was declined', async ({ page }) => {
  const asked = await withRequests(2);
  const [first = '', second = ''] = asked.emails;
  await decide(asked.id, asked.ids[1], 'decline');
  await page.goto(at(`/organizations/${asked.id}/members`));
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add members' });
  const field = dialog.getByRole('textbox', { name: 'Email addresses or user IDs' });
  for (const email of [first, second]) {
    await field.fill(email);
    await page.keyboard.press('Enter');
  }
  const entry = (email: string) => dialog.getByRole('listitem').filter({ hasText: email });
  await expect(entry(first)).toContainText('Asks to join. Adding this user settles the request.');
  await expect(entry(second)).toContainText('Declined earlier.');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(tab(page)).toHaveAccessibleName('Requests');
});

test('members are filtered by the identity provider that made them members', async ({ page }) => {
  const id = await organization('filtered');
  const [byHand] = await users([`jane@${unique('elsewhere')}.example`]);
  await ask('POST', `/organizations/${id}/users`, { userIds: [byHand] });
  await page.goto(at(`/organizations/${id}/members`));
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('combobox', { name: 'How they joined' }).click();
  const asked = page.waitForRequest(/\/users\?.*rule=sso_connector/);
  await page.getByRole('option', { name: 'By provider' }).click();
  await asked;
  await expect(page.getByText('No member matches the filters')).toBeVisible();
  const named = page.waitForRequest(/\/users\?.*ssoConnectorId=Acme-Okta/);
  await page.goto(at(`/organizations/${id}/members?joined=provider/Acme-Okta`));
  await named;
  await expect(page.getByRole('combobox', { name: 'How they joined' })).toHaveValue('Acme-Okta');
  await expect(page.getByText('No member matches the filters')).toBeVisible();
});
