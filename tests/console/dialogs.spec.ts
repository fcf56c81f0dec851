// The dialogs beside those of trust.spec.ts: where the focus goes when they close, and where an error is.

import type { Locator, Page } from '@playwright/test';
import {
  ask,
  askingOrganization,
  page as at,
  identityProvider,
  organization,
  role,
  unique,
  users,
} from './support/api.ts';
import { expect, failing, paste, test } from './support/console.ts';

const PHONE = { width: 390, height: 700 };
const WAYS = ['Escape', 'Cancel', 'Close'] as const;

interface Dialog {
  /** Goes to where the dialog is opened. Returns what the focus is on before, and what opens the dialog. */
  arrive: (page: Page) => Promise<{ opener: Locator; open: () => Promise<void> }>;
  /** Submits the dialog; absent if it only changes a draft. */
  submit?: (dialog: Locator, page: Page) => Promise<void>;
}

/** Goes to a tab of an organization with two members, of whom others can be made removed members. */
async function withMembers(page: Page, tab: string, areRemoved = false) {
  const id = unique('dialogs');
  const domain = `${id}.example`;
  await ask('POST', '/organizations', { id, name: id });
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [domain] });
  const ids = await users([`jane@${domain}`, `joe@${domain}`]);
  const { id: roleId } = await role(unique('held'));
  const organizationRoleIds = [roleId];
  await ask('POST', `/organizations/${id}/users/${ids[0]}/roles`, { organizationRoleIds });
  if (areRemoved) for (const user of ids) await ask('DELETE', `/organizations/${id}/users/${user}`);
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds });
  await page.goto(at(`/organizations/${id}${tab}`));
  return id;
}

/** A dialog that a button opens. */
const by = (opener: Locator) => ({ opener, open: () => opener.click() });

const named = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** A dialog about everybody in a list. */
const aboutSelected =
  (tab: string, name: string, areRemoved = false) =>
  async (page: Page) => {
    await withMembers(page, tab, areRemoved);
    await page.getByRole('checkbox', { name: 'Select all 2 shown' }).check();
    return by(named(page, name));
  };

const inMembers = (name: string) => async (page: Page) => {
  await withMembers(page, '/members');
  return by(named(page, name));
};

const inRequests = (name: string) => async (page: Page) => {
  const { id, domain } = await askingOrganization('dialogs');
  await users([`jane@${domain}`]);
  await page.goto(at(`/organizations/${id}/requests`));
  return by(named(page, `${name} jane@${domain}`));
};

const press = (name: string | RegExp) => (dialog: Locator) =>
  dialog.getByRole('button', { name, exact: true }).click();

const namesOfButtons = (dialog: Locator) =>
  dialog
    .getByRole('button')
    .evaluateAll((buttons) =>
      buttons.map((button) => button.getAttribute('aria-label') ?? button.textContent),
    );

const DIALOGS: Record<string, Dialog> = {
  'Delete organization': {
    arrive: async (page) => {
      await page.goto(at(`/organizations/${await organization('deleted')}/settings`));
      return by(named(page, 'Delete organization'));
    },
    submit: async (dialog, page) => {
      const name = await page.getByRole('heading', { level: 1 }).textContent();
      await dialog.getByRole('textbox').fill(name ?? '');
      await press('Delete organization')(dialog);
    },
  },
  'Add members': {
    arrive: inMembers('Add members'),
    submit: async (dialog) => {
      const email = `new@${unique('dialogs')}.example`;
      await users([email]);
      await dialog.getByRole('textbox', { name: 'Email addresses or user IDs' }).fill(email);
      await press('Add')(dialog);
    },
  },
  'Give default roles': {
    arrive: inMembers('Give default roles'),
    submit: press('Give to 1 member'),
  },
  'Add roles': {
    arrive: aboutSelected('/members', 'Add roles'),
    submit: async (dialog, page) => {
      await dialog.getByRole('combobox', { name: 'Roles to add' }).click();
      await page.getByRole('option').first().click();
      await press('Add roles')(dialog);
    },
  },
  'Remove roles': {
    arrive: aboutSelected('/members', 'Remove roles'),
    submit: async (dialog) => {
      await dialog.getByRole('checkbox').check();
      await press('Remove roles')(dialog);
    },
  },
  'Put back': {
    arrive: aboutSelected('/members/removed', 'Put back', true),
    submit: press('Put back'),
  },
  'Let the rules decide again': {
    arrive: aboutSelected('/members/removed', 'Let the rules decide again', true),
    submit: press('Let the rules decide'),
  },
  'Approve a request': { arrive: inRequests('Approve'), submit: press('Approve') },
  'Decline a request': { arrive: inRequests('Decline'), submit: press('Decline') },
  'Vouch for a domain': {
    arrive: async (page) => {
      const id = await organization('vouched');
      const emailDomain = `${id}.example`;
      const body = { emailDomain, ownership: 'pending' };
      await ask('POST', `/organizations/${id}/jit/email-domains`, body);
      await page.goto(at(`/organizations/${id}?domain=${emailDomain}`));
      return by(named(page, 'Vouch for it'));
    },
    submit: press('Vouch for it'),
  },
  'Settings of an identity provider': {
    arrive: async (page) => {
      const id = await organization('provided');
      const okta = await identityProvider('Okta');
      const path = `/organizations/${id}/jit/sso-connectors`;
      await ask('PUT', path, { ssoConnectorIds: [okta] });
      await page.goto(at(`/organizations/${id}`));
      return by(named(page, `Settings of ${okta}`));
    },
  },
  'Check what you pasted': {
    arrive: async (page) => {
      await page.goto(at(`/organizations/${await organization('pasted')}`));
      const opener = page.getByRole('textbox', { name: 'Add email domains' });
      const open = async () => {
        await opener.focus();
        await paste(page, 'a.example\nlocalhost\njane@b.example');
      };
      return { opener, open };
    },
  },
  Search: {
    arrive: async (page) => {
      await page.goto(at('/roles'));
      return by(named(page, 'Search'));
    },
  },
};

for (const [name, { arrive, submit }] of Object.entries(DIALOGS)) {
  test(`${name}: whichever way it closes, the focus is where it was before`, async ({ page }) => {
    const { opener, open } = await arrive(page);
    const dialog = page.getByRole('dialog');
    for (const way of WAYS) {
      if (way === 'Cancel' && name === 'Search') continue;
      await open();
      await expect(dialog.locator(':focus')).toHaveCount(1);
      const names = await namesOfButtons(dialog);
      expect(names).toEqual([...new Set(names)]);
      if (way === 'Escape') await page.keyboard.press('Escape');
      else await press(way)(dialog);
      await expect(dialog).toBeHidden();
      await expect(opener).toBeFocused();
    }
  });

  if (!submit) continue;
  test(`${name}: a lost connection is in view and has the focus`, async ({ page }) => {
    await page.setViewportSize(PHONE);
    await failing(page, 'lost');
    const { opener, open } = await arrive(page);
    const dialog = page.getByRole('dialog');
    await open();
    await submit(dialog, page);
    const alert = dialog.getByRole('alert');
    await expect(alert).toBeFocused();
    await expect(alert).toBeInViewport();
    await press('Cancel')(dialog);
    await expect(opener).toBeFocused();
  });
}

test('a pasted list that was mended outlives Escape and a click outside', async ({ page }) => {
  const id = await organization('pasted');
  await page.goto(at(`/organizations/${id}`));
  await page.getByRole('textbox', { name: 'Add email domains' }).focus();
  await paste(page, 'a.example\nlocalhost\njane@b.example');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Drop localhost' }).click();
  await page.keyboard.press('Escape');
  await page.mouse.click(5, 300);
  await dialog.getByRole('button', { name: 'Fix jane@b.example' }).click();
  await dialog.getByRole('button', { name: 'Add 2 domains' }).click();
  await expect(page.getByRole('button', { name: 'Remove b.example' })).toBeVisible();
});
