import type { Page, Request } from '@playwright/test';
import {
  addTxtRecord,
  ask,
  page as at,
  domainsOf,
  organization,
  role,
  unique,
} from './support/api.ts';
import { expect, message, paste, problem, test } from './support/console.ts';

interface Stored {
  emailDomain: string;
  enrollment: string;
  existingUsers: string | null;
  organizationRoleIds: string[] | null;
  subdomains: boolean;
  ownership: { state: string; record: { name: string; value: string } | null };
}

const field = (page: Page) => page.getByRole('textbox', { name: 'Add email domains' });
const table = (page: Page) => page.getByRole('table', { name: 'Email domains' });
const row = (page: Page, domain: string) =>
  table(page)
    .getByRole('row')
    .filter({ has: page.getByRole('link', { name: domain, exact: true }) });
const link = (page: Page, domain: string) =>
  table(page).getByRole('link', { name: domain, exact: true });
const review = (page: Page) => page.getByRole('dialog', { name: 'Check what you pasted' });
const save = (page: Page) => page.getByRole('button', { name: 'Save changes' });
const bar = (page: Page) => page.getByRole('region', { name: 'Unsaved changes' });
const setting = (page: Page, name: string) => page.getByRole('combobox', { name, exact: true });
const pathOf = (id: string) => `/organizations/${id}/jit/email-domains`;

async function stored(id: string, domain: string): Promise<Stored> {
  const all = await ask<Stored[]>('GET', pathOf(id));
  const found = all.find(({ emailDomain }) => emailDomain === domain);
  if (!found) throw new Error(`${domain} is not listed`);
  return found;
}

/** The requests that change something, from now on. */
function writesOf(page: Page): Request[] {
  const writes: Request[] = [];
  page.on('request', (request) => {
    if (/^(PUT|PATCH|POST|DELETE)$/.test(request.method())) writes.push(request);
  });
  return writes;
}

const shown = (request: Request) =>
  `${request.method()} ${new URL(request.url()).pathname.split('/').at(-1)}`;

async function saved(page: Page) {
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  await expect(save(page)).toBeHidden();
}

test.describe('a domain', () => {
  test('has an address of its own, and the focus goes to it and back', async ({ page }) => {
    const id = await organization('domain', ['a.example', 'b.example']);
    await page.goto(at(`/organizations/${id}`));
    await link(page, 'b.example').focus();
    await page.keyboard.press('Enter');
    const heading = page.getByRole('heading', { level: 2, name: 'b.example' });
    await expect(heading).toBeFocused();
    await expect(page).toHaveURL(/\?domain=b\.example$/);
    await page.reload();
    await expect(heading).toBeVisible();
    await page.goBack();
    await expect(link(page, 'b.example')).toBeVisible();
    await link(page, 'a.example').click();
    await page.getByRole('link', { name: 'All email domains' }).click();
    await expect(link(page, 'a.example')).toBeFocused();
  });

  test('that is not listed any more says so, and leads back', async ({ page }) => {
    const id = await organization('domain', ['a.example']);
    await page.goto(at(`/organizations/${id}?domain=gone.example`));
    await expect(page.getByText('gone.example is not listed')).toBeVisible();
    await page.getByRole('link', { name: 'All email domains' }).click();
    await expect(link(page, 'a.example')).toBeVisible();
  });

  test('is removed from its page, as a part of the draft', async ({ page }) => {
    const id = await organization('domain', ['a.example', 'b.example']);
    await page.goto(at(`/organizations/${id}?domain=a.example`));
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(bar(page)).toContainText('1 domain removed');
    await expect(link(page, 'a.example')).toBeHidden();
    expect(await domainsOf(id)).toEqual(['a.example', 'b.example']);
    await save(page).click();
    await saved(page);
    expect(await domainsOf(id)).toEqual(['b.example']);
  });

  test('says in the table what it does, and who else lists it', async ({ page }) => {
    const domain = `${unique('shared')}.example`;
    const id = await organization('table', [domain, 'plain.example']);
    await organization('other', [domain]);
    const { id: roleId, name } = await role(unique('engineer'));
    await page.goto(at(`/organizations/${id}`));
    await expect(row(page, domain)).toContainText('1 organization');
    await expect(row(page, 'plain.example')).toContainText('Vouched for');
    await expect(page.getByRole('columnheader', { name: 'Roles' })).toBeHidden();
    await ask('PATCH', `${pathOf(id)}/${domain}`, {
      enrollment: 'request',
      existingUsers: 'off',
      organizationRoleIds: [roleId],
      subdomains: true,
    });
    await page.reload();
    await expect(row(page, domain)).toContainText('and its subdomains');
    await expect(row(page, domain)).toContainText('On request, existing users off');
    await expect(row(page, domain)).toContainText(name);
    await expect(row(page, 'plain.example')).toContainText('Automatic');
    await expect(row(page, 'plain.example')).toContainText('Default roles');
  });
});

test.describe('settings', () => {
  test('are a part of the draft, and only what changed is sent, domain by domain', async ({
    page,
  }) => {
    const id = await organization('settings', ['a.example', 'b.example', 'c.example']);
    const { id: roleId, name } = await role(unique('own'));
    await page.goto(at(`/organizations/${id}?domain=a.example`));
    await setting(page, 'New users').selectOption('On request');
    await setting(page, 'Roles').selectOption('Roles of its own, or none');
    await page.getByRole('combobox', { name: 'Roles of a.example' }).fill(name);
    await page.getByRole('option', { name }).click();
    await page.getByRole('link', { name: 'All email domains' }).click();
    await expect(row(page, 'a.example')).toContainText('Changed');
    await link(page, 'b.example').click();
    await page.getByRole('checkbox', { name: 'Also its subdomains' }).check();
    await expect(bar(page)).toContainText('2 domains changed');
    expect(await stored(id, 'a.example')).toMatchObject({ enrollment: 'automatic' });

    const writes = writesOf(page);
    await save(page).click();
    await saved(page);
    expect(writes.map(shown)).toEqual(['PATCH a.example', 'PATCH b.example']);
    expect(writes.map((request) => request.postDataJSON())).toEqual([
      { enrollment: 'request', organizationRoleIds: [roleId] },
      { subdomains: true },
    ]);
    for (const request of writes) expect(request.headers()['if-match']).toMatch(/^"[^"]+"$/);
    expect(await stored(id, 'a.example')).toMatchObject({
      enrollment: 'request',
      existingUsers: null,
      organizationRoleIds: [roleId],
      subdomains: false,
    });
    expect(await stored(id, 'b.example')).toMatchObject({ subdomains: true });
  });

  test('that are set back leave nothing to save, and Discard drops the others', async ({
    page,
  }) => {
    const id = await organization('settings', ['a.example']);
    await page.goto(at(`/organizations/${id}?domain=a.example`));
    await setting(page, 'New users').selectOption('Off');
    await expect(bar(page)).toContainText('1 domain changed');
    await setting(page, 'New users').selectOption('Automatic');
    await expect(bar(page)).toBeHidden();
    await setting(page, 'Existing users').selectOption('Off');
    await page.getByRole('button', { name: 'Discard' }).click();
    await expect(bar(page)).toBeHidden();
    await expect(setting(page, 'Existing users')).toHaveValue('');
  });

  test('that somebody else changes meanwhile are merged one by one', async ({ page }) => {
    const id = await organization('settings', ['a.example', 'b.example']);
    await page.goto(at(`/organizations/${id}?domain=a.example`));
    await setting(page, 'New users').selectOption('Off');
    await page.getByRole('checkbox', { name: 'Also its subdomains' }).check();
    await ask('PATCH', `${pathOf(id)}/a.example`, { enrollment: 'request', existingUsers: 'off' });
    await save(page).click();
    const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });
    await expect(conflict).toBeFocused();
    await expect(conflict).toContainText(
      'a.example, new users: you both changed it. TheirsOn request',
    );
    await expect(conflict).toContainText('a.example, existing users: they changed it toOff');
    await expect(setting(page, 'New users')).toHaveValue('off');
    await expect(setting(page, 'Existing users')).toHaveValue('off');
    await conflict.getByRole('button', { name: 'Use theirs for a.example, new users' }).click();
    await expect(setting(page, 'New users')).toHaveValue('request');
    await conflict.getByRole('button', { name: 'Save mine on top' }).click();
    await saved(page);
    expect(await stored(id, 'a.example')).toMatchObject({
      enrollment: 'request',
      existingUsers: 'off',
      subdomains: true,
    });
  });

  test('of a domain that somebody else removes meanwhile are dropped with it', async ({ page }) => {
    const id = await organization('settings', ['a.example', 'b.example']);
    await page.goto(at(`/organizations/${id}?domain=a.example`));
    await setting(page, 'New users').selectOption('Off');
    await ask('DELETE', `${pathOf(id)}/a.example`);
    await save(page).click();
    await expect(page.getByText('a.example is not listed')).toBeVisible();
    await expect(bar(page)).toBeHidden();
    expect(await domainsOf(id)).toEqual(['b.example']);
  });

  test('that are refused open the domain, and mark the setting', async ({ page }) => {
    const deep = 'a.b.c.d.e.f.g.h.i.j.k.example';
    const id = await organization('settings', [deep, 'z.example']);
    await page.goto(at(`/organizations/${id}?domain=${deep}`));
    await page.getByRole('checkbox', { name: 'Also its subdomains' }).check();
    await page.getByRole('link', { name: 'All email domains' }).click();
    await save(page).click();
    await expect(page).toHaveURL(new RegExp(`\\?domain=${deep}$`));
    await expect(page.getByRole('checkbox', { name: 'Also its subdomains' })).toHaveAttribute(
      'aria-invalid',
      'true',
    );
    await expect(bar(page)).toContainText('Correct the marked fields.');
    await page.getByRole('checkbox', { name: 'Also its subdomains' }).uncheck();
    await expect(bar(page)).toBeHidden();
  });

  test('include the text that is typed for the roles of one domain', async ({ page }) => {
    const id = await organization('settings', ['a.example']);
    const { id: roleId, name } = await role(unique('typed'));
    await page.goto(at(`/organizations/${id}?domain=a.example`));
    await setting(page, 'Roles').selectOption('Roles of its own, or none');
    const roles = page.getByRole('combobox', { name: 'Roles of a.example' });
    await roles.fill(name.slice(0, -1));
    await page.getByRole('link', { name: 'All email domains' }).click();
    await expect(bar(page)).toContainText('Text in a field is not added yet');
    await save(page).click();
    await expect(roles).toHaveAccessibleDescription(/^Choose a role for “.*”, or clear/);
    await roles.fill(name.toUpperCase());
    await save(page).click();
    await saved(page);
    expect(await stored(id, 'a.example')).toMatchObject({ organizationRoleIds: [roleId] });
  });

  test('of a new domain are stored with it, so that it never does anything else', async ({
    page,
  }) => {
    const id = await organization('settings', ['a.example']);
    await page.goto(at(`/organizations/${id}`));
    await field(page).fill('new.example ');
    await field(page).fill('plain.example ');
    await link(page, 'new.example').click();
    await page.getByRole('checkbox', { name: 'Prove ownership first' }).check();
    await setting(page, 'New users').selectOption('On request');
    const writes = writesOf(page);
    await save(page).click();
    await saved(page);
    const [checked, ...others] = writes;
    expect(checked?.headers()['if-match']).toBe('"none"');
    expect(others.map((request) => [shown(request), request.postDataJSON()])).toEqual([
      ['PUT email-domains', { emailDomains: ['a.example', 'plain.example'] }],
      [
        'POST email-domains',
        { emailDomain: 'new.example', ownership: 'pending', enrollment: 'request' },
      ],
    ]);
    expect(await stored(id, 'new.example')).toMatchObject({
      enrollment: 'request',
      ownership: { state: 'pending' },
    });
    await expect(page.getByRole('heading', { level: 2, name: 'new.example' })).toBeVisible();
    await expect(page.getByText('_usher-challenge.new.example')).toBeVisible();
  });

  test('of a new domain are not stored if another new domain is refused', async ({ page }) => {
    const id = await organization('settings');
    await page.goto(at(`/organizations/${id}`));
    await field(page).fill('new.example ');
    await link(page, 'new.example').click();
    await setting(page, 'New users').selectOption('Off');
    await page.getByRole('link', { name: 'All email domains' }).click();
    await field(page).fill('gmail.com');
    await save(page).click();
    const refused = page.getByRole('alert').filter({ hasText: 'refused. No domain is saved yet' });
    await expect(refused).toBeFocused();
    expect(await domainsOf(id)).toEqual([]);
    await refused.getByRole('button', { name: 'Drop gmail.com' }).click();
    await save(page).click();
    await saved(page);
    expect(await stored(id, 'new.example')).toMatchObject({ enrollment: 'off' });
  });
});

test.describe('a pasted list', () => {
  test('is looked at before any of it is in the draft', async ({ page }) => {
    const id = await organization('paste', ['kept.example']);
    await page.goto(at(`/organizations/${id}`));
    const writes = writesOf(page);
    await field(page).focus();
    await paste(
      page,
      [
        'one.example, two.example three.example',
        'Kept.example',
        '@four.example',
        '"five.example",',
        'https://www.six.example/about',
        'Jane Doe <jane@seven.example>',
        'EIGHT.example.',
        'joe@gmail.com',
        'gmail.com',
        'Acme Rockets.example',
        'Müller und Söhne.example',
        'localhost',
      ].join('\n'),
    );
    await expect(review(page)).toContainText(
      '3 new domains one.example, two.example, three.example',
    );
    await expect(review(page)).toContainText('11 entries left out');
    for (const title of [
      '4 have capitals or marks around them',
      '1 is a web address',
      '1 is an email address',
      '2 are public mailbox providers',
      '2 have several words',
      '1 has no dot',
    ]) {
      await expect(review(page).getByRole('button', { name: title, exact: true })).toBeVisible();
    }
    await expect(bar(page)).toBeHidden();
    // The check requires a version that no list has, so that nothing can be written.
    expect(writes.map((request) => request.headers()['if-match'])).toEqual(['"none"']);

    await review(page).getByRole('button', { name: 'Fix all 6' }).click();
    await expect(review(page)).toContainText('8 new domains');
    await expect(review(page)).toContainText('1 domain listed already kept.example');
    await review(page).getByRole('button', { name: 'Drop all 5' }).click();
    await expect(review(page).getByText('left out')).toBeHidden();
    await review(page).getByRole('button', { name: 'Add 8 domains' }).click();
    await expect(review(page)).toBeHidden();
    await expect(page.getByText('kept.example is already listed.')).toBeVisible();
    await expect(bar(page)).toContainText('8 domains added');
    expect(await domainsOf(id)).toEqual(['kept.example']);
    await save(page).click();
    await saved(page);
    expect(await domainsOf(id)).toEqual(
      ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'kept']
        .map((name) => `${name}.example`)
        .sort(),
    );
  });

  test('is left alone by Cancel, with what was typed before', async ({ page }) => {
    const id = await organization('paste');
    await page.goto(at(`/organizations/${id}`));
    await field(page).fill('typed.example');
    await paste(page, 'a.example b.example');
    await expect(review(page)).toContainText('3 new domains');
    await review(page).getByRole('button', { name: 'Cancel' }).click();
    await expect(field(page)).toHaveValue('typed.example');
    await expect(table(page)).toBeHidden();
    await field(page).focus();
    await page.keyboard.press('End');
    await paste(page, 'a.example b.example');
    await review(page).getByRole('button', { name: 'Add 3 domains' }).click();
    await expect(field(page)).toHaveValue('');
    await expect(bar(page)).toContainText('3 domains added');
  });

  test('can be added without a check, which Save makes up for', async ({ page }) => {
    test.slow();
    const id = await organization('paste');
    await page.goto(at(`/organizations/${id}`));
    await page.route(/\/jit\/email-domains$/, (route) =>
      route.request().headers()['if-match'] === '"none"'
        ? route.fulfill(problem(403, 'Forbidden', 'Not for you.'))
        : route.fallback(),
    );
    await field(page).focus();
    await paste(page, 'a.example gmail.com');
    await expect(review(page)).toContainText('could not be checked');
    await review(page).getByRole('button', { name: 'Add 2 domains' }).click();
    await save(page).click();
    await expect(
      page.getByRole('alert').filter({ hasText: 'One domain was refused' }),
    ).toBeFocused();
  });

  test('begins pending if ownership is to be proven first', async ({ page }) => {
    const id = await organization('paste');
    await page.goto(at(`/organizations/${id}`));
    await field(page).focus();
    await paste(page, 'a.example b.example');
    await review(page).getByRole('checkbox', { name: 'Prove ownership first' }).check();
    await review(page).getByRole('button', { name: 'Add 2 domains' }).click();
    await expect(row(page, 'a.example')).toContainText('Not proven yet');
    await save(page).click();
    await saved(page);
    for (const domain of ['a.example', 'b.example']) {
      expect((await stored(id, domain)).ownership.state).toBe('pending');
    }
  });

  test('of words that are typed is never cut into a domain', async ({ page }) => {
    const id = await organization('words');
    await page.goto(at(`/organizations/${id}`));
    await field(page).pressSequentially('Acme Rockets.example');
    await expect(field(page)).toHaveValue('Acme Rockets.example');
    await expect(table(page)).toBeHidden();
    await field(page).press('Enter');
    await expect(review(page)).toContainText('1 has several words');
    await review(page).getByRole('button', { name: 'Cancel' }).click();
    await save(page).click();
    await expect(
      page.getByRole('alert').filter({ hasText: 'One domain was refused' }),
    ).toBeVisible();
    expect(await domainsOf(id)).toEqual([]);
  });
});

test.describe('ownership', () => {
  async function pending(page: Page, domain: string) {
    const id = await organization('owner');
    await ask('POST', pathOf(id), { emailDomain: domain, ownership: 'pending' });
    await page.goto(at(`/organizations/${id}?domain=${domain}`));
    return id;
  }

  const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

  test('has a record to copy, part by part, also without the zone', async ({ page }) => {
    const id = await pending(page, 'mail.acme.example');
    const { record } = (await stored(id, 'mail.acme.example')).ownership;
    const copy = async (what: string) => {
      await page.getByRole('button', { name: `Copy ${what}`, exact: true }).click();
      await expect(page.getByRole('button', { name: `Copied ${what}`, exact: true })).toBeVisible();
      return copied(page);
    };
    expect(await copy('the name')).toBe(record?.name);
    expect(await copy('the value')).toBe(record?.value);
    expect(await copy('the name without the zone')).toBe('_usher-challenge.mail');
    await page
      .getByRole('combobox', { name: 'Zone' })
      .selectOption('in the zone mail.acme.example');
    await expect(page.getByText('_usher-challenge', { exact: true })).toBeVisible();
  });

  test('is vouched for after a question, at once and beside the draft', async ({ page }) => {
    const id = await pending(page, 'a.example');
    await setting(page, 'New users').selectOption('Off');
    await page.getByRole('button', { name: 'Vouch for it' }).click();
    const dialog = page.getByRole('dialog', { name: 'Vouch for a.example?' });
    await expect(dialog).toContainText('You vouch that the organization owns this domain');
    expect((await stored(id, 'a.example')).ownership.state).toBe('pending');
    await dialog.getByRole('button', { name: 'Vouch for it' }).click();
    await expect(page.getByText('a.example is vouched for.')).toBeVisible();
    await expect(page.getByText('Vouched for', { exact: true })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Vouch for it' })).toBeHidden();
    await expect(bar(page)).toContainText('1 domain changed');
    expect(await stored(id, 'a.example')).toMatchObject({
      enrollment: 'automatic',
      ownership: { state: 'vouched' },
    });
    await save(page).click();
    await saved(page);
    expect(await stored(id, 'a.example')).toMatchObject({ enrollment: 'off' });
  });

  const check = (page: Page) => page.getByRole('button', { name: 'Check DNS now' });
  const answer = (page: Page, title: string) => page.getByRole('group', { name: title });

  test('is checked at a button, and proven once DNS has the record', async ({ page }) => {
    const domain = `${unique('proof')}.example`;
    const id = await pending(page, domain);
    const { record } = (await stored(id, domain)).ownership;
    if (!record) throw new Error('the domain has no record');
    await expect(page.getByText('Not proven yet')).toBeVisible();
    await check(page).click();
    await expect(answer(page, 'DNS does not know this name')).toBeVisible();
    await expect(check(page)).toBeFocused();
    await addTxtRecord(record.name, 'usher-domain-verification=of-somebody-else');
    await check(page).click();
    await expect(answer(page, 'The TXT records have other values')).toContainText(
      'of-somebody-else',
    );
    await addTxtRecord(record.name, record.value);
    await check(page).click();
    await expect(answer(page, 'The record was found')).toBeVisible();
    await expect(page.getByText('Proven', { exact: true }).first()).toBeVisible();
    await expect(page.getByRole('button', { name: 'Vouch for it' })).toBeHidden();
    expect((await stored(id, domain)).ownership.state).toBe('proven');
    await page.getByRole('link', { name: 'All email domains' }).click();
    await expect(row(page, domain)).toContainText('Proven');
  });

  test('says where DNS has a record that is one level off', async ({ page }) => {
    const domain = `${unique('off')}.example`;
    const id = await pending(page, domain);
    const { record } = (await stored(id, domain)).ownership;
    if (!record) throw new Error('the domain has no record');
    await addTxtRecord(`${record.name}.${domain}`, record.value);
    await check(page).click();
    const off = answer(page, 'The record was found under another name');
    await expect(off).toContainText(`${record.name}.${domain}`);
    await page.reload();
    await expect(off).toBeVisible();
  });

  test('that cannot be checked says why', async ({ page }) => {
    await pending(page, 'a.example');
    await page.route(/\/verify$/, (route) => route.fulfill({ status: 403, json: {} }));
    await page.getByRole('button', { name: 'Check DNS now' }).click();
    await expect(page.getByRole('alert')).toContainText('You are not allowed to do this');
  });
});

test.describe('many domains', () => {
  test('are shown in parts, and filtered by name and ownership', async ({ page }) => {
    const domains = Array.from({ length: 130 }, (_, n) => `d${String(n).padStart(3, '0')}.example`);
    const id = await organization('many', domains);
    await ask('POST', pathOf(id), { emailDomain: 'pending.example', ownership: 'pending' });
    await page.goto(at(`/organizations/${id}`));
    const rows = table(page).locator('tbody tr');
    await expect(rows).toHaveCount(20);
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect(rows).toHaveCount(120);
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect(rows).toHaveCount(131);
    await page.getByRole('combobox', { name: 'Ownership' }).selectOption('Not proven yet');
    await expect(rows).toHaveCount(1);
    await expect(page.getByText('1 of 131 domains')).toBeVisible();
    await link(page, 'pending.example').click();
    await page.getByRole('link', { name: 'All email domains' }).click();
    await expect(rows).toHaveCount(1);
    await expect(link(page, 'pending.example')).toBeFocused();
  });
});
