// The jobs of a day, all in a row: once with the keyboard alone, and once on a phone.

import { devices, type Locator, type Page } from '@playwright/test';
import {
  ask,
  page as at,
  identityProvider,
  organization,
  role,
  unique,
  users,
} from './support/api.ts';
import { expect, message, paste, test } from './support/console.ts';

/** How somebody works with the page. */
interface Hand {
  /** Presses a button or a link. */
  press: (target: Locator) => Promise<void>;
  /** Sets a checkbox. */
  check: (target: Locator) => Promise<void>;
  /** Chooses another radio button of a group. */
  turn: (from: Locator, to: Locator) => Promise<void>;
  /** Goes to a field. */
  enter: (field: Locator) => Promise<void>;
  /** Selects an option of a field that opens the browser's own list. */
  select: (field: Locator, option: string) => Promise<void>;
  /** Selects an item of an open menu or list. */
  choose: (item: Locator) => Promise<void>;
  /** Reads a message, and takes it away if it covers something. */
  read: (message: string) => Promise<void>;
}

const MOST_STEPS = 120;

/** Nothing but keys. A target is reached with Tab, and an item of a menu with the arrow keys. */
function keyboard(page: Page): Hand {
  const isFocused = (target: Locator) =>
    target.evaluate((element) => element === document.activeElement);
  const reach = async (target: Locator, key: string) => {
    await expect(target).toBeVisible();
    for (let step = 0; step < MOST_STEPS; step++) {
      if (await isFocused(target)) return;
      await page.keyboard.press(key);
    }
    throw new Error(`${target} is not reached with ${key}`);
  };
  /** An option has no focus: its field says which one is active. */
  const isActive = (item: Locator) =>
    item.evaluate(
      (element) =>
        element === document.activeElement ||
        element.hasAttribute('data-combobox-selected') ||
        document.activeElement?.getAttribute('aria-activedescendant') === element.id,
    );
  return {
    press: async (target) => {
      await reach(target, 'Tab');
      await page.keyboard.press('Enter');
    },
    check: async (target) => {
      await reach(target, 'Tab');
      await page.keyboard.press('Space');
      await expect(target).toBeChecked();
    },
    turn: async (from, to) => {
      await reach(from, 'Tab');
      await reach(to, 'ArrowDown');
      await expect(to).toBeChecked();
    },
    enter: (field) => reach(field, 'Tab'),
    select: async (field, option) => {
      await reach(field, 'Tab');
      await page.keyboard.type(option);
    },
    choose: async (item) => {
      await expect(item).toBeVisible();
      for (let step = 0; step < MOST_STEPS && !(await isActive(item)); step++) {
        await page.keyboard.press('ArrowDown');
      }
      // A list that was just opened finds its active option in timers of its own, which come first.
      await page.evaluate(() => new Promise((done) => setTimeout(done)));
      await page.keyboard.press('Enter');
    },
    read: (message) => expect(page.getByRole('alert').filter({ hasText: message })).toBeVisible(),
  };
}

/** Nothing but a finger, and the keys on the screen. */
function touch(page: Page): Hand {
  const tap = (target: Locator) => target.tap();
  // On a narrow screen, a message covers what is at the bottom.
  const read = async (message: string) => {
    const shown = page.getByRole('alert').filter({ hasText: message });
    await expect(shown).toBeVisible();
    // It may go by itself before the finger is there.
    const dismiss = shown.getByRole('button', { name: 'Dismiss' });
    await dismiss.tap({ timeout: 5_000 }).catch(() => {});
    await expect(shown).toBeHidden();
  };
  const check = async (target: Locator) => {
    await tap(target);
    await expect(target).toBeChecked();
  };
  // The list belongs to the phone, not to the page.
  const select = async (field: Locator, option: string) => void (await field.selectOption(option));
  return { press: tap, check, turn: (_, to) => check(to), enter: tap, select, choose: tap, read };
}

/** A day's work on one organization with three members at first, from the first search to its end. */
async function allJobs(page: Page, hand: Hand, openSearch: () => Promise<void>) {
  const id = await organization('jobs', []);
  const domain = `${id}.example`;
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [domain] });
  const starter = await role(unique('starter'));
  const auditor = await role(unique('auditor'));
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [starter.id] });
  const [jane, joe, kim] = ['jane', 'joe', 'kim'].map((name) => `${name}@${domain}`) as [
    string,
    string,
    string,
  ];
  await users([jane, joe, kim]);
  const partner = `${unique('partner')}.example`;
  const [guest, other] = [`guest@${partner}`, `other@${partner}`];
  const [, otherId = ''] = await users([guest, other]);

  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
  const dialog = page.getByRole('dialog');
  const inDialog = (name: string) => dialog.getByRole('button', { name, exact: true });
  const row = (email: string) => page.getByRole('row').filter({ hasText: email });
  const rows = page.getByRole('row').filter({ has: page.getByRole('checkbox') });
  const rolesOf = async (email: string) => {
    const path = `/organizations/${id}/users?q=${encodeURIComponent(email)}`;
    const [member] = await ask<{ organizationRoles: { name: string }[] }[]>('GET', path);
    return member?.organizationRoles.map(({ name }) => name);
  };
  const menu = async (email: string, item: string) => {
    await hand.press(row(email).getByRole('button', { name: `Actions for ${email}` }));
    await hand.choose(page.getByRole('menuitem', { name: item }));
  };
  const pick = async (picker: string, name: string) => {
    await hand.enter(page.getByRole('combobox', { name: picker }));
    await page.keyboard.type(name);
    await hand.choose(page.getByRole('option', { name, exact: true }));
  };

  // Where does this person belong, and where would they be admitted?
  await page.goto(at('/organizations'));
  await expect(page.getByRole('heading', { level: 1, name: 'Organizations' })).toBeVisible();
  await openSearch();
  await expect(dialog.getByRole('textbox')).toBeFocused();
  await page.keyboard.type(jane);
  await expect(dialog).toContainText('Where this person belongs');
  await expect(dialog).toContainText('would be admitted');
  await hand.press(dialog.getByRole('link', { name: new RegExp(`^${id}`) }).first());
  await expect(page.getByRole('heading', { level: 1, name: id })).toBeVisible();

  // Let the users of an identity provider ask to join, and see first what that means.
  const okta = await identityProvider('Okta');
  const provisioning = page.getByRole('navigation').getByRole('link', { name: /provisioning/i });
  const preview = page.getByRole('region', { name: 'Who would be admitted?' });
  await hand.press(provisioning);
  await hand.enter(page.getByRole('textbox', { name: 'Add identity providers' }));
  await page.keyboard.type(okta);
  await hand.press(button('Add'));
  await hand.press(button(`Settings of ${okta}`));
  await hand.turn(
    dialog.getByRole('radio', { name: 'They become a member' }),
    dialog.getByRole('radio', { name: 'They ask to become a member' }),
  );
  await hand.press(inDialog('Apply'));
  await expect(dialog).toBeHidden();
  await hand.enter(page.getByRole('textbox', { name: 'An email address to try' }));
  await page.keyboard.type(guest);
  await hand.enter(preview.getByLabel('Identity provider'));
  await page.keyboard.type(okta);
  await expect(preview).toContainText('With your unsaved changesAsks to become a member');
  await hand.press(button('Save changes'));
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  await expect(preview).toContainText('Asks to become a member');
  await hand.press(
    page.getByRole('navigation').getByRole('link', { name: 'Members', exact: true }),
  );
  await expect(page).toHaveTitle(`Members · ${id} · Usher`);

  // Find.
  const find = page.getByRole('searchbox', { name: 'Find members' });
  const clear = page.getByRole('button', { name: 'Clear the search' });
  if (await clear.isVisible()) await hand.press(clear);
  await expect(rows).toHaveCount(3);
  await hand.enter(find);
  await page.keyboard.type(joe);
  await expect(rows).toHaveCount(1);
  await hand.press(clear);
  await expect(rows).toHaveCount(3);

  // Add.
  await hand.press(button('Add members'));
  await hand.enter(dialog.getByRole('textbox', { name: 'Email addresses or user IDs' }));
  await page.keyboard.type(guest);
  await page.keyboard.press('Enter');
  await page.keyboard.type(otherId);
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('checkbox', { checked: true })).toHaveCount(2);
  await hand.press(inDialog('Add'));
  await expect(rows).toHaveCount(5);
  await expect(row(other)).toContainText('Added by hand');
  await expect(dialog).toBeHidden();
  expect(await rolesOf(guest)).toEqual([starter.name]);
  await hand.press(button(`Copy ${otherId}`));
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(otherId);

  // Filter.
  await hand.enter(page.getByRole('combobox', { name: 'How they joined' }));
  await page.keyboard.press('ArrowDown');
  await hand.choose(page.getByRole('option', { name: 'Added by hand' }));
  await expect(rows).toHaveCount(2);
  await hand.press(button('Any way of joining'));
  await expect(rows).toHaveCount(5);

  // Change the roles of one.
  await menu(jane, 'Change roles');
  await pick(`Roles of ${jane}`, auditor.name);
  await hand.press(inDialog('Save'));
  await expect(row(jane)).toContainText(auditor.name);
  await expect(dialog).toBeHidden();
  await hand.enter(page.getByRole('combobox', { name: 'Role', exact: true }));
  await page.keyboard.type(auditor.name);
  await hand.choose(page.getByRole('option', { name: auditor.name, exact: true }));
  await expect(rows).toHaveCount(1);
  await hand.press(button('Any role'));
  await expect(rows).toHaveCount(5);

  // Remove, undo, remove again, and put back.
  await menu(jane, 'Remove');
  await expect(row(jane)).toBeHidden();
  await hand.press(button(/^Undo/));
  await expect(row(jane)).toBeVisible();
  await hand.read('is now in the organization');
  expect(await rolesOf(jane)).toEqual([auditor.name, starter.name].sort());
  await menu(joe, 'Remove');
  await expect(row(joe)).toBeHidden();
  await hand.press(page.getByRole('link', { name: 'Removed members' }));
  await hand.check(page.getByRole('checkbox', { name: `Select ${joe}` }));
  await hand.press(button('Put back'));
  await hand.press(inDialog('Put back'));
  await expect(dialog).toBeHidden();
  await expect(page.getByText('No removed members')).toBeVisible();
  expect(await rolesOf(joe)).toEqual([starter.name]);
  await hand.press(
    page.getByRole('navigation').getByRole('link', { name: 'Members', exact: true }),
  );
  await expect(rows).toHaveCount(5);

  // Approve and decline requests, undo, and let the rules decide again.
  await ask('POST', `/organizations/${id}/jit/email-domains`, {
    emailDomain: `guests.${domain}`,
    enrollment: 'request',
  });
  const [may, nik] = [`may@guests.${domain}`, `nik@guests.${domain}`];
  await users([may, nik]);
  await page.reload();
  await hand.press(page.getByRole('navigation').getByRole('link', { name: 'Requests 2' }));
  await hand.press(button(`Approve ${may}`));
  await hand.press(inDialog('Approve'));
  await expect(dialog).toBeHidden();
  await expect(rows).toHaveCount(1);
  expect(await rolesOf(may)).toEqual([starter.name]);
  await hand.press(button(`Decline ${nik}`));
  await hand.press(inDialog('Decline'));
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Nobody asks to join')).toBeVisible();
  await hand.press(
    page.getByRole('navigation').getByRole('link', { name: 'Members', exact: true }),
  );
  await hand.press(page.getByRole('link', { name: 'Removed members' }));
  await menu(nik, 'Let the rules decide again');
  await hand.press(inDialog('Let the rules decide'));
  await expect(dialog).toBeHidden();
  await expect(page.getByText('No removed members')).toBeVisible();
  await hand.press(
    page.getByRole('navigation').getByRole('link', { name: 'Members', exact: true }),
  );
  await menu(may, 'Remove');
  await expect(rows).toHaveCount(5);

  // Many at once.
  await hand.check(page.getByRole('checkbox', { name: `Select ${kim}` }));
  await hand.check(page.getByRole('checkbox', { name: `Select ${joe}` }));
  await hand.press(button('Add roles'));
  await pick('Roles to add', auditor.name);
  await hand.press(inDialog('Add roles'));
  await expect(dialog).toBeHidden();
  await expect(row(kim)).toContainText(auditor.name);
  expect(await rolesOf(joe)).toEqual([auditor.name, starter.name].sort());
  await ask('PUT', `/organizations/${id}/jit/roles`, {
    organizationRoleIds: [starter.id, auditor.id],
  });
  await page.reload();
  await hand.press(button('Give default roles'));
  await hand.press(dialog.getByRole('button', { name: /^Give to/ }));
  await expect(dialog).toBeHidden();
  expect(await rolesOf(guest)).toEqual([auditor.name, starter.name].sort());
  await hand.check(page.getByRole('checkbox', { name: `Select ${kim}` }));
  await hand.check(page.getByRole('checkbox', { name: `Select ${guest}` }));
  await hand.check(page.getByRole('checkbox', { name: `Select ${other}` }));
  await hand.press(button('Remove members'));
  await hand.press(inDialog('Remove 3 members'));
  await expect(dialog).toBeHidden();
  await expect(rows).toHaveCount(2);

  // Domains: paste and mend some, set one up, and look at how to prove it.
  await hand.press(page.getByRole('link', { name: /provisioning$/i }));
  await hand.enter(page.getByRole('textbox', { name: 'Add email domains' }));
  await paste(page, `two.${domain}\n@three.${domain}\nAcme Rockets.example`);
  await hand.press(inDialog('Fix all 1'));
  await hand.check(dialog.getByRole('checkbox', { name: 'Prove ownership first' }));
  await hand.press(inDialog('Add 2 domains'));
  await expect(dialog).toBeHidden();
  await hand.press(page.getByRole('link', { name: `two.${domain}`, exact: true }));
  await hand.select(page.getByRole('combobox', { name: 'New users' }), 'On request');
  await hand.check(page.getByRole('checkbox', { name: 'Also its subdomains' }));
  await hand.press(button('Save changes'));
  await expect(message(page, 'The provisioning is saved.')).toBeVisible();
  await hand.press(button('Copy the value'));
  await expect(button('Copied the value')).toBeVisible();
  await hand.press(page.getByRole('link', { name: 'All email domains' }));
  await expect(page.getByRole('link', { name: `two.${domain}`, exact: true })).toBeFocused();
  await hand.press(button(`Remove three.${domain}`));
  await hand.press(button('Save changes'));
  await expect(button('Save changes')).toBeHidden();

  // What uses a role, and what its end would mean.
  await hand.press(page.getByRole('link', { name: 'Roles', exact: true }));
  await hand.enter(page.getByRole('searchbox'));
  await page.keyboard.type(auditor.name);
  await hand.press(page.getByRole('link', { name: auditor.name, exact: true }));
  await expect(page.getByRole('heading', { level: 1, name: auditor.name })).toBeVisible();
  await expect(page.getByRole('main')).toContainText(id);
  await hand.press(button('Delete'));
  await expect(dialog).toContainText('2 members in 1 organization');
  await hand.press(inDialog('Cancel'));

  // Help, and back.
  await hand.press(page.getByRole('link', { name: 'Help', exact: true }));
  await expect(page).toHaveTitle(/Help · Usher$/);

  // The end of the organization.
  await page.goto(at(`/organizations/${id}/settings`));
  await hand.press(button('Delete organization'));
  await expect(dialog).toContainText('2 members');
  await expect(dialog).toContainText('3 domains');
  await hand.enter(dialog.getByRole('textbox', { name: 'Name of the organization' }));
  await page.keyboard.type(id);
  await hand.press(inDialog('Delete organization'));
  await expect(page.getByRole('heading', { level: 1, name: 'Organizations' })).toBeVisible();
}

test('all jobs are done with the keyboard alone', async ({ page }) => {
  test.setTimeout(600_000);
  await allJobs(page, keyboard(page), () => page.keyboard.press('/'));
});

test.describe('on a phone', () => {
  const { userAgent, isMobile, hasTouch, deviceScaleFactor } = devices['Pixel 7'];
  test.use({
    viewport: { width: 390, height: 844 },
    userAgent,
    isMobile,
    hasTouch,
    deviceScaleFactor,
  });

  test('all jobs are done by touch', async ({ page }) => {
    test.setTimeout(600_000);
    const search = page.getByRole('button', { name: 'Search', exact: true });
    await allJobs(page, touch(page), () => search.tap());
  });
});
