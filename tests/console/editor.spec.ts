import type { Locator, Page } from '@playwright/test';
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
import { expect, hold, message, paste, pickRole, problem, test } from './support/console.ts';

const field = (page: Page) => page.getByRole('textbox', { name: 'Add email domains' });
const picker = (page: Page) => page.getByRole('combobox', { name: 'Default roles' });
const chip = (page: Page, domain: string) =>
  page.getByRole('button', { name: `Remove ${domain}`, exact: true });
const refusedPanel = (page: Page) =>
  page.getByRole('alert').filter({ hasText: 'refused. No domain' });
const save = (page: Page) => page.getByRole('button', { name: 'Save changes' });
const bar = (page: Page) => page.getByRole('region', { name: 'Unsaved changes' });

async function saved(page: Page) {
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  await expect(save(page)).toBeHidden();
}

/** Opens an organization, and saves domains of which some are refused. */
async function refuse(page: Page, id: string, domains: string[]) {
  await page.goto(at(`/organizations/${id}`));
  await field(page).fill(domains.join(', '));
  await save(page).click();
  await expect(refusedPanel(page)).toBeFocused();
}

const numbered = <T>(count: number, name: (number: number) => T) =>
  Array.from({ length: count }, (_, number) => name(number));

test.describe('typed text', () => {
  test('is taken in by Save, also by keyboard alone', async ({ page }) => {
    const id = await organization('typed', ['old.example']);
    await page.goto(at(`/organizations/${id}`));
    await field(page).focus();
    await page.keyboard.type('typed.example');
    await expect(bar(page)).toContainText('Text in a field is not added yet');
    await expect(chip(page, 'typed.example')).toBeHidden();
    await save(page).focus();
    await expect(field(page)).toHaveValue('typed.example');
    await page.keyboard.press('Enter');
    await saved(page);
    await expect(field(page)).toHaveValue('');
    expect(await domainsOf(id)).toEqual(['old.example', 'typed.example']);
  });

  test('counts as unsaved, and Discard drops it', async ({ page }) => {
    const id = await organization('typed');
    await page.goto(at(`/organizations/${id}`));
    await field(page).fill('typed.example');
    await page.getByRole('link', { name: 'Members' }).click();
    const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
    await dialog.getByRole('button', { name: 'Stay' }).click();
    await expect(field(page)).toHaveValue('typed.example');
    await page.getByRole('button', { name: 'Discard' }).click();
    await expect(field(page)).toHaveValue('');
    await expect(bar(page)).toBeHidden();
    expect(await domainsOf(id)).toEqual([]);
  });

  test('that is listed already, in whichever spelling, is said and not saved', async ({ page }) => {
    const id = await organization('listed', ['acme.example', 'xn--bcher-kva.example']);
    await page.goto(at(`/organizations/${id}`));
    for (const [text, domain] of [
      ['ACME.example', 'acme.example'],
      ['acme.example.', 'acme.example'],
      ['bücher.example', 'xn--bcher-kva.example'],
    ] as const) {
      await field(page).fill(text);
      await field(page).press('Enter');
      await expect(field(page)).toHaveAccessibleDescription(
        new RegExp(`${domain} is already listed`),
      );
      await expect(field(page)).toHaveValue(text);
      await save(page).click();
      await expect(field(page)).toBeFocused();
      await expect(field(page)).toHaveAttribute('aria-invalid', 'true');
    }
    await field(page).fill('other.example');
    await expect(field(page)).not.toHaveAccessibleDescription(/already listed/);
    await save(page).click();
    await saved(page);
    expect(await domainsOf(id)).toEqual(['acme.example', 'other.example', 'xn--bcher-kva.example']);
  });

  test('of a pasted list says which domains are listed already', async ({ page }) => {
    const id = await organization('listed', ['a.example', 'b.example']);
    await page.goto(at(`/organizations/${id}`));
    await field(page).focus();
    await paste(page, 'a.example, c.example\nb.example c.example');
    await page.getByRole('dialog').getByRole('button', { name: 'Add 1 domain' }).click();
    await expect(
      page.getByText('2 domains are already listed: a.example, b.example.'),
    ).toBeVisible();
    await expect(bar(page)).toContainText('1 domain added');
    await expect(field(page)).toHaveValue('');
  });

  test('is kept through a conflict, and both edits are saved', async ({ page }) => {
    const id = await organization('typed', ['old.example']);
    await page.goto(at(`/organizations/${id}`));
    await field(page).fill('typed.example');
    await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: ['their.example'] });
    await save(page).click();
    const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });
    await expect(conflict).toBeFocused();
    await expect(conflict).toBeInViewport();
    await expect(bar(page)).toContainText('Also changed by somebody else');
    await field(page).fill('later.example');
    await conflict.getByRole('button', { name: 'Save mine on top' }).click();
    await saved(page);
    expect(await domainsOf(id)).toEqual(['later.example', 'their.example', 'typed.example']);
  });

  test('and edits made while a save is under way are kept', async ({ page }) => {
    const id = await organization('typed');
    const answer = await hold(page, /\/jit\/email-domains$/, { method: 'PUT' });
    await page.goto(at(`/organizations/${id}`));
    await field(page).fill('first.example');
    await save(page).click();
    await expect(chip(page, 'first.example')).toBeVisible();
    await field(page).fill('second.example third.example');
    await expect(chip(page, 'second.example')).toBeVisible();
    answer();
    await expect(message(page, 'The provisioning is saved.')).toBeVisible();
    await expect(bar(page)).toContainText('1 domain added');
    await expect(field(page)).toHaveValue('third.example');
    expect(await domainsOf(id)).toEqual(['first.example']);
    await save(page).click();
    await saved(page);
    expect(await domainsOf(id)).toEqual(['first.example', 'second.example', 'third.example']);
  });

  test('in the role field is taken in if it names a role, else Save says why not', async ({
    page,
  }) => {
    const id = await organization('typed');
    const { name } = await role(unique('Typed'));
    await page.goto(at(`/organizations/${id}`));
    await picker(page).fill(name.slice(0, -1));
    await save(page).click();
    await expect(picker(page)).toBeFocused();
    await expect(picker(page)).toHaveAccessibleDescription(/^Choose a role for “.*”, or clear/);
    expect(await defaultRolesOf(id)).toEqual([]);
    await picker(page).fill(name.toUpperCase());
    await save(page).click();
    await saved(page);
    expect(await defaultRolesOf(id)).toEqual([name]);
  });
});

test('changes that are discarded while they are saved leave nothing to save', async ({ page }) => {
  const id = await organization('discarded', ['a.example']);
  await page.goto(at(`/organizations/${id}`));
  const answer = await hold(page, /email-domains$/, { method: 'PUT' });
  await field(page).fill(`${id}.example `);
  await save(page).click();
  await page.getByRole('link', { name: 'Members' }).click();
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await expect(page).toHaveURL(/members$/);
  answer();
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  await page.getByRole('link', { name: 'Just-in-time' }).click();
  await expect(chip(page, `${id}.example`)).toBeVisible();
  await expect(bar(page)).toBeHidden();
  expect(await domainsOf(id)).toContain(`${id}.example`);
});

test.describe('refused domains', () => {
  test('are edited one after the other, and none is lost', async ({ page }) => {
    const id = await organization('edit');
    await refuse(page, id, ['good.example', 'jane@one.example', 'joe@two.example', 'localhost']);
    const edit = (domain: string) =>
      refusedPanel(page).getByRole('button', { name: `Edit ${domain}` });
    await field(page).fill('typed.example');
    await edit('jane@one.example').click();
    await expect(field(page)).toBeFocused();
    await expect(field(page)).toHaveValue('jane@one.example');
    await expect(chip(page, 'typed.example')).toBeVisible();
    await edit('joe@two.example').click();
    await expect(field(page)).toHaveValue('joe@two.example');
    await expect(edit('jane@one.example')).toBeVisible();
    await edit('localhost').click();
    await field(page).fill('local.example');
    await save(page).click();
    await expect(refusedPanel(page)).toContainText('2 domains were refused');
    expect(await domainsOf(id)).toEqual([]);
    await refusedPanel(page).getByRole('button', { name: 'Fix all 2', exact: true }).click();
    await expect(refusedPanel(page)).toBeHidden();
    await save(page).click();
    await saved(page);
    expect(await domainsOf(id)).toEqual([
      'good.example',
      'local.example',
      'one.example',
      'two.example',
      'typed.example',
    ]);
  });

  test('that are being edited survive Save, and are refused again', async ({ page }) => {
    const id = await organization('edit');
    await refuse(page, id, ['good.example', 'localhost']);
    await refusedPanel(page).getByRole('button', { name: 'Edit localhost' }).click();
    await save(page).click();
    await expect(refusedPanel(page)).toContainText('One domain was refused');
    await expect(chip(page, 'localhost')).toBeVisible();
    expect(await domainsOf(id)).toEqual([]);
  });

  test('of a long list are all found, by reason, mended and dropped', async ({ page }) => {
    test.slow();
    const id = await organization('many', ['kept.example']);
    const publicMailboxes = ['gmail.com', 'web.de', 'gmx.de', 'outlook.com', 'hotmail.com'];
    await refuse(page, id, [
      ...publicMailboxes,
      ...numbered(130, (n) => `person@m${n}.example`),
      ...numbered(40, (n) => `good${n}.example`),
      ...numbered(120, (n) => `https://w${n}.example/about`),
      ...numbered(60, (n) => `*.star${n}.example`),
      'person@kept.example',
    ]);
    const panel = refusedPanel(page);
    await expect(panel).toContainText('316 domains were refused');
    const reason = (name: string) => panel.getByRole('button', { name, exact: true });
    for (const name of [
      '131 are email addresses',
      '120 are web addresses',
      '60 have a *',
      '5 are public mailbox providers',
    ]) {
      await expect(reason(name)).toHaveAttribute('aria-expanded', 'false');
    }
    await expect(panel).toContainText('gmail.com, web.de, gmx.de and 2 more');
    expect((await panel.boundingBox())?.height).toBeLessThan(750);
    await reason('131 are email addresses').press('Enter');
    await expect(panel.getByRole('button', { name: 'Drop person@m129.example' })).toBeAttached();
    expect((await panel.boundingBox())?.height).toBeLessThan(750);
    expect(await domainsOf(id)).toEqual(['kept.example']);

    await panel.getByRole('button', { name: 'Fix all 251' }).click();
    await expect(page.getByText('kept.example is already listed.')).toBeVisible();
    await expect(panel).toContainText('65 domains were refused');
    await expect(panel.getByRole('button', { name: 'Drop all 65' })).toBeVisible();
    await panel.getByRole('button', { name: 'Drop all (60 have a *)' }).press('Enter');
    await expect(panel).toContainText('5 domains were refused');
    await expect(panel.getByRole('button', { name: /^Drop all \(5 are/ })).toBeFocused();
    await panel.getByRole('button', { name: 'Drop all 5', exact: true }).press('Enter');
    await expect(panel).toBeHidden();
    await expect(field(page)).toBeFocused();
    await save(page).click();
    await saved(page);
    expect(await domainsOf(id)).toHaveLength(1 + 130 + 40 + 120);
  });

  test('of which the rest could not be checked are “at least” as many', async ({ page }) => {
    const id = await organization('many');
    let puts = 0;
    await page.route(/\/jit\/email-domains$/, (route) => {
      if (route.request().method() !== 'PUT' || puts++ === 0) return route.continue();
      return route.fulfill(problem(503, 'Service Unavailable', 'The table did not answer.'));
    });
    await refuse(
      page,
      id,
      numbered(150, (n) => `host${n}`),
    );
    await expect(refusedPanel(page)).toContainText('At least 100 domains were refused');
    await expect(refusedPanel(page)).toContainText('Save again to find out');
  });

  test('leave the focus on the next one, and in the field after the last one', async ({ page }) => {
    const id = await organization('focus');
    await refuse(page, id, ['one', 'two', 'three@acme.example']);
    const drop = (domain: string) =>
      refusedPanel(page).getByRole('button', { name: `Drop ${domain}` });
    await drop('one').click();
    await expect(drop('two')).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(drop('three@acme.example')).toBeFocused();
    await refusedPanel(page).getByRole('button', { name: 'Fix three@acme.example' }).click();
    await expect(refusedPanel(page)).toBeHidden();
    await expect(field(page)).toBeFocused();
    await expect(chip(page, 'acme.example')).toBeVisible();
  });
});

test('after a domain or a role is removed, the next one has the focus', async ({ page }) => {
  const id = await organization('focus', ['a.example', 'b.example', 'c.example']);
  const roles = [await role(unique('first')), await role(unique('second'))];
  const organizationRoleIds = roles.map((each) => each.id);
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds });
  await page.goto(at(`/organizations/${id}`));
  await chip(page, 'a.example').click();
  await expect(chip(page, 'b.example')).toBeFocused();
  await chip(page, 'c.example').click();
  await expect(chip(page, 'b.example')).toBeFocused();
  const [first = '', second = ''] = roles.map(({ name }) => name);
  await chip(page, first).click();
  await expect(chip(page, second)).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(picker(page)).toBeFocused();
  await expect(page.getByRole('listbox')).toBeHidden();
});

test.describe('the role picker', () => {
  test('finds by the beginning of a name, then of a word, whatever the case and accents', async ({
    page,
  }) => {
    const id = await organization('rank');
    const mark = unique('zz');
    const names = {
      officer: `${mark} compliance officer (yearly review)`,
      word: `${mark} read-only viewér`,
      name: `Viewer ${mark}`,
    };
    for (const name of Object.values(names)) await role(name);
    await page.goto(at(`/organizations/${id}`));
    const options = page.getByRole('option').filter({ hasText: mark });
    await picker(page).fill(`${mark} comp`);
    await expect(options.first()).toHaveText(names.officer);
    await expect(options.first()).toHaveAttribute('aria-selected', 'true');

    await picker(page).fill('VIEWER');
    const texts = options.filter({ hasNotText: 'Create' });
    await expect(texts).toHaveText([names.name, names.word]);
    await picker(page).fill('vie');
    await expect(texts).toHaveText([names.name, names.word, names.officer]);
  });

  test('selects by Enter what is meant, never what only contains the text', async ({ page }) => {
    const id = await organization('enter');
    const mark = unique('qx');
    const viewer = await role(`${mark}viewer`);
    await role(`Compliance officer (re${mark}view)`);
    await page.goto(at(`/organizations/${id}`));
    await picker(page).fill(`${mark.toUpperCase()}vie`);
    await expect(page.getByRole('option')).toHaveCount(3);
    const active = picker(page);
    await expect(active).toHaveAttribute('aria-activedescendant', /.+/);
    await picker(page).press('Enter');
    await expect(chip(page, viewer.name)).toBeVisible();

    // What is left only contains the text: it has to be chosen.
    await picker(page).fill(`${mark}vie`);
    await expect(page.getByRole('option')).toHaveCount(2);
    await picker(page).press('Enter');
    await expect(page.getByRole('button', { name: /^Remove/ })).toHaveCount(1);
    await expect(picker(page)).toHaveValue(`${mark}vie`);
    await picker(page).press('ArrowDown');
    await picker(page).press('Enter');
    await expect(chip(page, `Compliance officer (re${mark}view)`)).toBeVisible();
  });

  test('says how many roles it does not show', async ({ page }) => {
    test.slow();
    const mark = unique('crowd');
    for (const number of numbered(53, (n) => n)) await role(`${mark} ${number}`);
    const id = await organization('crowd');
    await page.goto(at(`/organizations/${id}`));
    await picker(page).fill(mark);
    await expect(page.getByText('50 of 53 shown. Type more')).toBeVisible();
    await picker(page).fill(`${mark} 5`);
    await expect(page.getByText('Type more')).toBeHidden();
    await expect(page.getByRole('option').first()).toHaveText(`${mark} 5`);
  });

  for (const [name, viewport] of Object.entries({
    desktop: { width: 1280, height: 900 },
    phone: { width: 390, height: 700 },
  })) {
    test(`shows at least five roles inside a dialog on a ${name}`, async ({ page }) => {
      const id = await organization('dialog');
      const domain = `${id}.example`;
      await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [domain] });
      const mark = unique('open');
      for (const number of numbered(8, (n) => n)) await role(`${mark} ${number}`);
      await signUp(`jane@${domain}`);
      await page.setViewportSize(viewport);
      await page.goto(at(`/organizations/${id}/members`));
      await page.getByRole('button', { name: `Actions for jane@${domain}` }).click();
      await page.getByRole('menuitem', { name: 'Change roles' }).click();
      const roles = page.getByRole('combobox', { name: `Roles of jane@${domain}` });
      await roles.fill(mark);
      for (const option of (await page.getByRole('option').all()).slice(0, 5)) {
        await expect(option).toBeInViewport({ ratio: 1 });
        expect(await isOnTop(option)).toBe(true);
      }
      await page.getByRole('option').nth(4).click();
      await expect(chip(page, `${mark} 4`)).toBeVisible();
      await roles.fill(mark);
      await roles.press('Escape');
      await expect(page.getByRole('option').first()).toBeHidden();
      await expect(page.getByRole('dialog')).toBeVisible();
    });
  }

  test('in a dialog keeps text from being lost, and creates a new role on Save', async ({
    page,
  }) => {
    const id = await organization('dialog');
    const domain = `${id}.example`;
    await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [domain] });
    await signUp(`jane@${domain}`);
    await page.goto(at(`/organizations/${id}/members`));
    await page.getByRole('button', { name: `Actions for jane@${domain}` }).click();
    await page.getByRole('menuitem', { name: 'Change roles' }).click();
    const roles = page.getByRole('combobox', { name: `Roles of jane@${domain}` });
    const name = unique('New in a dialog');
    await roles.fill(name);
    await roles.press('Escape');
    const submit = page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true });
    await submit.click();
    await expect(roles).toBeFocused();
    await expect(roles).toHaveAccessibleDescription(/Choose a role for/);
    await roles.press('ArrowDown');
    await roles.press('Enter');
    await expect(page.getByText(`${name} (new)`)).toBeVisible();
    expect(await roleNames()).not.toContain(name);
    await submit.click();
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(page.getByRole('row').filter({ hasText: domain })).toContainText(name);
    expect(await roleNames()).toContain(name);
  });
});

test.describe('a new default role', () => {
  test('is created only by Save, and Discard drops it', async ({ page }) => {
    const id = await organization('new');
    const [dropped, kept] = [unique('Dropped'), unique('Kept')];
    await page.goto(at(`/organizations/${id}`));
    await pickRole(page, 'Default roles', dropped);
    await expect(page.getByText(`${dropped} (new)`)).toBeVisible();
    await expect(bar(page)).toContainText('1 role added (1 new)');
    await page.getByRole('button', { name: 'Discard' }).click();
    await expect(chip(page, dropped)).toBeHidden();
    await pickRole(page, 'Default roles', kept);
    expect(await roleNames()).not.toContain(kept);
    await save(page).click();
    await saved(page);
    await expect(chip(page, kept)).toBeVisible();
    await expect(page.getByText(`${kept} (new)`)).toBeHidden();
    expect(await defaultRolesOf(id)).toEqual([kept]);
    expect(await roleNames()).not.toContain(dropped);
  });

  test('is the role of the same name, if there is one meanwhile', async ({ page }) => {
    const id = await organization('new');
    const name = unique('Meanwhile');
    await page.goto(at(`/organizations/${id}`));
    await pickRole(page, 'Default roles', name);
    const present = await role(name.toUpperCase());
    await save(page).click();
    await saved(page);
    expect(await defaultRolesOf(id)).toEqual([present.name]);
  });

  test('that is refused leaves everything in the draft, and says why', async ({ page }) => {
    const id = await organization('new');
    const name = unique('Modem');
    // The API takes both for one name: docs/adr/0025.
    await role(name.replace('o', 'о'));
    await page.goto(at(`/organizations/${id}`));
    const other = unique('Other');
    await pickRole(page, 'Default roles', other);
    await pickRole(page, 'Default roles', name);
    await field(page).fill('typed.example');
    await save(page).click();
    await expect(bar(page).getByRole('alert')).toBeVisible();
    await expect(chip(page, name)).toBeVisible();
    await expect(chip(page, 'typed.example')).toBeVisible();
    expect(await domainsOf(id)).toEqual([]);
    await chip(page, name).click();
    await expect(bar(page).getByRole('alert')).toBeHidden();
    await save(page).click();
    await saved(page);
    expect(await defaultRolesOf(id)).toEqual([other]);
    expect(await domainsOf(id)).toEqual(['typed.example']);
  });

  test('is kept through a conflict', async ({ page }) => {
    const id = await organization('new');
    const theirs = await role(unique('theirs'));
    const mine = unique('Mine');
    await page.goto(at(`/organizations/${id}`));
    await pickRole(page, 'Default roles', mine);
    const organizationRoleIds = [theirs.id];
    await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds });
    await save(page).click();
    const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });
    await expect(conflict).toContainText(theirs.name);
    await conflict.getByRole('button', { name: 'Save mine on top' }).click();
    await saved(page);
    expect(await defaultRolesOf(id)).toEqual([mine, theirs.name].sort());
    expect((await roleNames()).filter((name) => name === mine)).toHaveLength(1);
  });
});

test('a new default role is not created if I take theirs', async ({ page }) => {
  const id = await organization('new');
  const theirs = await role(unique('theirs'));
  const mine = unique('Mine');
  await page.goto(at(`/organizations/${id}`));
  await pickRole(page, 'Default roles', mine);
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [theirs.id] });
  await save(page).click();
  await page.getByRole('button', { name: 'Use theirs, discard mine' }).click();
  await expect(chip(page, theirs.name)).toBeVisible();
  await expect(bar(page)).toBeHidden();
  expect(await roleNames()).not.toContain(mine);
});

test.describe('the preview', () => {
  test('has no verdict on another address while the answer is awaited, or after an error', async ({
    page,
  }) => {
    const id = await organization('preview', ['known.example']);
    await page.goto(at(`/organizations/${id}`));
    const address = page.getByRole('textbox', { name: 'An email address to try' });
    const joins = page.getByText('Becomes a member', { exact: true });
    await address.fill('jane@known.example');
    await expect(joins).toBeVisible();

    const answer = await hold(page, /\/jit\/preview$/, {
      end: (route) => route.fulfill(problem(403, 'Forbidden', 'Not for you.')),
    });
    await address.fill('jane@unknown.example');
    await expect(page.getByText('Checking this address')).toBeVisible();
    await expect(joins).toBeHidden();
    answer();
    await expect(page.getByRole('alert')).toBeVisible();
    await expect(joins).toBeHidden();
    await expect(page.getByText('Checking this address')).toBeHidden();
    await page.unroute(/\/jit\/preview$/);
    await address.fill('joe@unknown.example');
    await expect(page.getByText('Is not admitted')).toBeVisible();
    await expect(page.getByRole('alert')).toBeHidden();
  });
});

test.describe('a thousand domains', () => {
  const thousand = () => numbered(1000, (n) => `d${String(n).padStart(3, '0')}.example`);

  test('are counted and found, and the field is in view', async ({ page }) => {
    const id = await organization('long', thousand());
    await page.goto(at(`/organizations/${id}`));
    await expect(page.getByText('1,000 domains', { exact: true })).toBeVisible();
    await expect(field(page)).toBeInViewport();
    const find = page.getByRole('textbox', { name: 'Find among 1,000 domains' });
    await find.fill('D99');
    const rows = page.getByRole('table', { name: 'Email domains' }).locator('tbody tr');
    await expect(rows).toHaveCount(10);
    await expect(page.getByText('10 of 1,000 domains')).toBeVisible();
    await chip(page, 'd990.example').click();
    await expect(chip(page, 'd991.example')).toBeFocused();
    await expect(page.getByText('9 of 999 domains')).toBeVisible();
    await field(page).fill('new.example ');
    await expect(chip(page, 'new.example')).toBeInViewport();
    await page.getByRole('textbox', { name: 'Find among 1,000 domains' }).fill('nothing');
    await expect(rows).toHaveCount(0);
    await expect(page.getByText('No domain matches.')).toBeVisible();
  });

  test('are not rendered again by what is typed', async ({ page }) => {
    const id = await organization(
      'long',
      numbered(60, (n) => `d${n}.example`),
    );
    // What the rows show beside their domains comes in answers of its own.
    const late = [/email-domains\?.*showCounts=true/, /\/organization-roles$/].map((url) =>
      page.waitForResponse(url),
    );
    await page.goto(at(`/organizations/${id}`));
    await expect(chip(page, 'd0.example')).toBeVisible();
    const rendered = () =>
      page.evaluate(() => {
        const keep = window as unknown as { rendered?: Map<Element, unknown> };
        const before = keep.rendered;
        const propsOf = (element: Element) =>
          Object.entries(element).find(([key]) => key.startsWith('__reactProps$'))?.[1];
        const rows = Array.from(document.querySelectorAll('tr[data-row]'));
        keep.rendered = new Map(rows.map((row) => [row, propsOf(row)]));
        return rows.filter((row) => before && before.get(row) !== propsOf(row)).length;
      });
    await Promise.all(late);
    // The rows are rendered for the last of the answers after it has arrived.
    let unchanged = 0;
    const settled = async () => {
      unchanged = (await rendered()) === 0 ? unchanged + 1 : 0;
      return unchanged;
    };
    await expect.poll(settled, { intervals: [200] }).toBeGreaterThan(5);
    await field(page).pressSequentially('typed.example');
    await expect(bar(page)).toBeVisible();
    expect(await rendered()).toBe(0);
    // The measure sees a row that is rendered.
    await field(page).press('Enter');
    await expect(chip(page, 'typed.example')).toBeVisible();
    expect(await rendered()).toBe(1);
  });
});

/** Whether nothing covers the middle of an element, and nothing cuts it off. */
function isOnTop(locator: Locator): Promise<boolean> {
  return locator.evaluate((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
  });
}

async function roleNames(): Promise<string[]> {
  const roles = await ask<{ name: string }[]>('GET', '/organization-roles');
  return roles.map(({ name }) => name);
}
