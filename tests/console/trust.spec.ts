import type { Locator, Page } from '@playwright/test';
import { ask, page as at, organization, role, signUp, unique } from './support/api.ts';
import { expect, failing, hold, message, pickRole, problem, test } from './support/console.ts';

const PHONE = { width: 390, height: 700 };
const LONG = `Something is wrong on our side. ${'The table does not answer. '.repeat(80)}`;

const bar = (page: Page) => page.getByRole('region', { name: 'Unsaved changes' });

/** Opens the page of an organization with unsaved domains, as long as a page can be. */
async function withUnsavedDomain(page: Page) {
  const domains = Array.from({ length: 60 }, (_, n) => `d${n}.example`);
  const id = await organization('trust', domains);
  await page.goto(at(`/organizations/${id}`));
  await page.getByRole('textbox', { name: 'Add email domains' }).fill('new.example ');
  return id;
}

async function withUnsavedSettings(page: Page) {
  const id = await organization('trust');
  await page.goto(at(`/organizations/${id}/settings`));
  await page.getByRole('textbox', { name: 'Description' }).fill('A customer');
  return id;
}

const FAILURES = {
  'a lost connection': 'lost',
  'a failure of Usher': problem(500, 'Internal Server Error', 'Something is wrong on our side.'),
  'a long failure': problem(500, 'Internal Server Error', LONG),
  'a missing permission': { status: 403, json: { message: 'Forbidden' } },
} as const;

for (const [name, open] of Object.entries({ withUnsavedDomain, withUnsavedSettings })) {
  for (const [what, respond] of Object.entries(FAILURES)) {
    test(`${name}: ${what} stands in the save bar, also on a phone, and is tried again`, async ({
      page,
    }) => {
      await page.setViewportSize(PHONE);
      const works = await failing(page, respond as 'lost');
      await open(page);
      await bar(page).getByRole('button', { name: 'Save changes' }).click();
      const alert = bar(page).getByRole('alert');
      await expect(alert).toBeFocused();
      await expect(alert).toBeInViewport();
      const again = bar(page).getByRole('button', { name: 'Try again' });
      await expect(again).toBeInViewport({ ratio: 1 });
      await expect(bar(page).getByRole('button', { name: 'Discard' })).toBeInViewport({ ratio: 1 });
      // However much there is to read, and wherever the page is scrolled to.
      if (respond !== 'lost') await alert.getByText('Details').click();
      for (const top of [0, 100_000]) {
        await page.evaluate((y) => scrollTo(0, y), top);
        await expect(alert).toBeInViewport();
        await expect(again).toBeInViewport({ ratio: 1 });
      }
      await works();
      await again.click();
      await expect(page.getByText(/^The .* (is|are) saved\.$/)).toBeVisible();
      await expect(bar(page)).toBeHidden();
    });
  }
}

test('what was told about an earlier save goes when the next one begins', async ({ page }) => {
  await withUnsavedSettings(page);
  await page.clock.install();
  const save = bar(page).getByRole('button', { name: 'Save changes' });
  await save.click();
  const saved = message(page, 'The settings are saved.');
  await expect(saved).toBeVisible();
  await page.getByRole('textbox', { name: 'Description' }).fill('Another text');
  await failing(page, 'lost');
  await save.click();
  await expect(bar(page).getByRole('alert')).toBeVisible();
  await expect(saved).toBeHidden();
});

test('a refused field takes the focus, and the save bar says that nothing is saved', async ({
  page,
}) => {
  await page.setViewportSize(PHONE);
  await withUnsavedSettings(page);
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill('   ');
  await page.getByRole('textbox', { name: 'Custom data' }).fill('{"a": 1}');
  await bar(page).getByRole('button', { name: 'Save changes' }).click();
  await expect(name).toBeFocused();
  await expect(name).toBeInViewport();
  await expect(bar(page)).toContainText('Correct the marked fields');
});

/** The texts in view that begin in lower case or speak of requests, where a refusal is shown. */
function foreignWords(page: Page) {
  return page.evaluate(() => {
    const shown = '[role="alert"], [id$="-error"], [aria-label="Refused domains"], [role="status"]';
    const texts: string[] = [];
    for (const place of Array.from(document.querySelectorAll(shown))) {
      const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const { parentElement, textContent } = node;
        const isDomain = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(textContent?.trim() ?? '');
        const isValue = isDomain || parentElement?.closest('strong, code') !== null;
        if (parentElement?.checkVisibility() && !isValue) texts.push(textContent?.trim() ?? '');
      }
    }
    return texts.filter((text) => /^[a-z]|`|(GET|POST|PUT|PATCH|DELETE) \//.test(text));
  });
}

test('refusals are told in the words of the console, with those of the API behind “Details”', async ({
  page,
}) => {
  const id = await organization('words');
  const { name } = await role(unique('words'));
  const dialog = page.getByRole('dialog');
  const refused: Record<string, () => Promise<RegExp>> = {
    'an ID in use': async () => {
      await page.goto(at('/organizations'));
      await page.getByRole('button', { name: 'Create organization' }).first().click();
      await dialog.getByRole('textbox', { name: 'Name' }).fill('Words');
      await dialog.getByRole('textbox', { name: 'Id' }).fill(id);
      await dialog.getByRole('textbox', { name: 'Id' }).press('Enter');
      return new RegExp(`This ID is taken.*“${id}”`, 's');
    },
    'a name in use': async () => {
      await page.goto(at('/roles?q=no-such-role'));
      await page.getByRole('button', { name: 'Create role' }).first().click();
      await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
      await dialog.getByRole('textbox', { name: 'Name' }).press('Enter');
      return new RegExp(`This name is taken.*“${name}”`, 's');
    },
    'an organization that does not exist': async () => {
      await page.goto(at('/organizations/nobody'));
      return /No organization has the ID “nobody”/;
    },
    'an address that is none': async () => {
      await page.goto(at(`/organizations/${id}`));
      await page.getByRole('textbox', { name: 'An email address to try' }).fill('jane');
      return /This is not an email address/;
    },
    'a domain that is not listed': async () => {
      await page.getByRole('textbox', { name: 'An email address to try' }).fill('jane@a.example');
      return /The domain a\.example is not listed/;
    },
    'domains that cannot be listed': async () => {
      await page
        .getByRole('textbox', { name: 'Add email domains' })
        .fill(
          'gmail.com, localhost, jane@a.example, *.a.example, co.uk, 10.0.0.1, https://a.example/, a..b',
        );
      await bar(page).getByRole('button', { name: 'Save changes' }).click();
      return /only the part after the @/;
    },
  };
  for (const open of Object.values(refused)) {
    await expect(page.locator('body')).toContainText(await open());
    // What is still loading says so in two parts.
    await expect.poll(() => foreignWords(page)).toEqual([]);
  }
  await page.goto(at('/organizations/nobody'));
  const alert = page.getByRole('alert');
  await expect(alert.getByText('organization.not_found')).toBeHidden();
  await alert.getByText('Details').click();
  await expect(alert.getByText('404 organization.not_found')).toBeVisible();
});

/** The dialogs, how they are opened, and what submits them. */
interface Dialog {
  open: (page: Page) => Promise<Locator>;
  act: string;
  /** The name of a field to type into first, if there is one. */
  field?: string;
}

async function withMember(page: Page) {
  const id = await organization('dialog', []);
  const domain = `${id}.example`;
  await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: [domain] });
  await signUp(`jane@${domain}`);
  await page.goto(at(`/organizations/${id}/members`));
  return page.getByRole('button', { name: `Actions for jane@${domain}` });
}

async function withRole(page: Page) {
  const { name } = await role(unique('dialog'));
  await page.goto(at(`/roles?q=${name}`));
  return page.getByRole('button', { name: `Actions for ${name}`, exact: true });
}

const inMenu = (open: (page: Page) => Promise<Locator>, item: string) => async (page: Page) => {
  const opener = await open(page);
  await opener.click();
  await page.getByRole('menuitem', { name: item }).click();
  return opener;
};

/** Members who are removed together: a single one is removed without a dialog. */
async function withSelectedMembers(page: Page) {
  await withMember(page);
  await signUp(`joe@${new URL(page.url()).pathname.split('/')[3]}.example`);
  await page.reload();
  await page.getByRole('checkbox', { name: 'Select all 2 shown' }).check();
  const opener = page.getByRole('button', { name: 'Remove members' });
  await opener.click();
  return opener;
}

const byButton = (path: () => Promise<string>, name: string) => async (page: Page) => {
  await page.goto(at(await path()));
  const opener = page.getByRole('button', { name }).first();
  await opener.click();
  return opener;
};

/** The name of a field in which roles are picked. */
const PICKER = 'Roles of';

const DIALOGS: Record<string, Dialog> = {
  'Create organization': {
    open: byButton(async () => '/organizations', 'Create organization'),
    act: 'Create',
    field: 'Name',
  },
  'Create role': {
    open: byButton(async () => '/roles?q=no-such-role', 'Create role'),
    act: 'Create',
    field: 'Name',
  },
  'Edit a role': { open: inMenu(withRole, 'Edit'), act: 'Save', field: 'Name' },
  'Delete a role': { open: inMenu(withRole, 'Delete'), act: 'Delete role' },
  'Change roles': { open: inMenu(withMember, 'Change roles'), act: 'Save', field: PICKER },
  'Remove members': { open: withSelectedMembers, act: 'Remove 2 members' },
};

for (const [name, { open, act, field }] of Object.entries(DIALOGS)) {
  for (const way of ['Escape', 'Cancel', 'Close', 'outside'] as const) {
    test(`${name}: after ${way}, the focus is where it was before`, async ({ page }) => {
      const opener = await open(page);
      const dialog = page.getByRole('dialog');
      await expect(dialog).toBeVisible();
      await expect(dialog.locator(':focus')).toHaveCount(1);
      if (way === 'Escape') await page.keyboard.press('Escape');
      else if (way === 'outside') await page.mouse.click(5, 300);
      else await dialog.getByRole('button', { name: way }).click();
      await expect(dialog).toBeHidden();
      await expect(opener).toBeFocused();
    });
  }

  for (const [what, respond] of Object.entries(FAILURES)) {
    test(`${name}: ${what} is in view and has the focus`, async ({ page }) => {
      await page.setViewportSize(PHONE);
      await failing(page, respond as 'lost');
      const opener = await open(page);
      const dialog = page.getByRole('dialog');
      if (field === PICKER) await pickRole(page, PICKER, unique('picked'));
      else if (field) await dialog.getByRole('textbox', { name: field }).fill(unique('typed'));
      await dialog.getByRole('button', { name: act, exact: true }).click();
      const alert = dialog.getByRole('alert');
      await expect(alert).toBeFocused();
      await expect(alert).toBeInViewport();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await expect(opener).toBeFocused();
    });
  }

  if (!field) continue;
  test(`${name}: what is typed outlives Escape and a click outside`, async ({ page }) => {
    await open(page);
    const dialog = page.getByRole('dialog');
    const input = dialog.getByRole(field === PICKER ? 'combobox' : 'textbox', { name: field });
    await input.fill('typed text');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.mouse.click(5, 300);
    await expect(input).toHaveValue('typed text');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
  });
}

test('Enter submits a dialog from each of its lines', async ({ page }) => {
  await page.goto(at('/organizations'));
  for (const field of ['Name', 'Id']) {
    const name = unique('enter');
    await page.getByRole('button', { name: 'Create organization' }).first().click();
    await page.getByRole('textbox', { name: 'Name' }).fill(name);
    await page.getByRole('textbox', { name: field }).press('Enter');
    await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
    await page.getByRole('link', { name: 'Organizations' }).first().click();
  }
});

test('after a row is deleted, the focus is on the menu of the next row', async ({ page }) => {
  const first = unique('aaa-focus');
  for (const suffix of ['1', '2', '3']) await role(`${first} ${suffix}`);
  await page.goto(at(`/roles?q=${first}`));
  const menu = (suffix: string) =>
    page.getByRole('button', { name: `Actions for ${first} ${suffix}` });
  await menu('2').click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete role' }).click();
  await expect(menu('2')).toBeHidden();
  await expect(menu('3')).toBeFocused();
});

test('after the only member is removed, the focus is on a heading', async ({ page }) => {
  const opener = await withMember(page);
  await opener.click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await expect(page.getByText('Nobody is a member yet')).toBeVisible();
  await expect(page.locator('h1:focus, h2:focus')).toBeVisible();
});

test('after a deletion of an organization, the focus is on the heading of the list', async ({
  page,
}) => {
  const id = await organization('gone');
  await page.goto(at(`/organizations/${id}/settings`));
  const opener = page.getByRole('button', { name: 'Delete organization' });
  await opener.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(opener).toBeFocused();
  await opener.click();
  await dialog.getByRole('textbox', { name: 'Name of the organization' }).fill(id);
  await dialog.getByRole('button', { name: 'Delete organization' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Organizations' })).toBeFocused();
});

for (const [name, open] of Object.entries({ withUnsavedDomain, withUnsavedSettings })) {
  for (const act of ['Save changes', 'Discard']) {
    test(`${name}: after ${act}, the focus is on the heading of what was edited`, async ({
      page,
    }) => {
      await open(page);
      await bar(page).getByRole('button', { name: act }).click();
      await expect(bar(page)).toBeHidden();
      const heading = name === 'withUnsavedDomain' ? 'Email domains' : 'Settings';
      await expect(page.getByRole('heading', { level: 2, name: heading })).toBeFocused();
    });
  }
}

test('after staying on a page with unsaved changes, the focus is on the link again', async ({
  page,
}) => {
  await withUnsavedSettings(page);
  const link = page.getByRole('link', { name: 'Members' });
  await link.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
  await expect(link).toBeFocused();
});

test('the failure of an act whose dialog was closed is told anyway', async ({ page }) => {
  await page.goto(at('/roles?q=no-such-role'));
  await page.getByRole('button', { name: 'Create role' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(unique('late'));
  const answer = await hold(page, /\/organization-roles$/, {
    method: 'POST',
    end: (route) => route.abort(),
  });
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  answer();
  await expect(page.getByRole('alert')).toContainText('Create role: Usher cannot be reached');
});

test('a dialog that is submitted twice sends once', async ({ page }) => {
  await page.goto(at('/organizations'));
  const answer = await hold(page, /\/organizations$/, { method: 'POST' });
  let sent = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST') sent++;
  });
  const name = unique('twice');
  await page.getByRole('button', { name: 'Create organization' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Description' }).focus();
  await page.keyboard.press('Control+Enter');
  await page.keyboard.press('Control+Enter');
  answer();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  expect(sent).toBe(1);
});

test('an organization that is created after Cancel does not open', async ({ page }) => {
  await page.goto(at('/organizations'));
  const answer = await hold(page, /\/organizations$/, { method: 'POST' });
  const name = unique('late');
  await page.getByRole('button', { name: 'Create organization' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: 'Roles' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Organization roles' })).toBeVisible();
  answer();
  await expect(page.getByText(`The organization “${name}” is created.`)).toBeVisible();
  await expect(page).toHaveURL(at('/roles'));
});

test('a role that is deleted after Cancel does not take the user to another page', async ({
  page,
}) => {
  const { id, name } = await role(unique('late'));
  await page.goto(at(`/roles/${id}`));
  const answer = await hold(page, /organization-roles\//, { method: 'DELETE' });
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Delete role' }).click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: 'Organizations', exact: true }).click();
  await expect(page).toHaveURL(at('/organizations'));
  answer();
  await expect(page.getByText(`The role “${name}” is deleted.`)).toBeVisible();
  await expect(page).toHaveURL(at('/organizations'));
});

test('a write whose answer is lost shows in the list all the same', async ({ page }) => {
  const name = unique('lost');
  await page.goto(at(`/roles?q=${name}`));
  await page.route(/\/organization-roles$/, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.fetch();
    await route.abort();
  });
  await page.getByRole('button', { name: 'Create role' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog.getByRole('alert')).toBeFocused();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('searchbox').fill(name);
  await expect(page.getByRole('link', { name })).toBeVisible();
});

test('what is typed in a dialog outlives Back', async ({ page }) => {
  await page.goto(at('/organizations'));
  await page.getByRole('link', { name: 'Roles' }).first().click();
  await page.getByRole('button', { name: 'Create role' }).first().click();
  const name = page.getByRole('dialog').getByRole('textbox', { name: 'Name' });
  await name.fill('typed text');
  // The browser goes back, and the console goes forward again.
  await page.evaluate(
    () =>
      new Promise<void>((done) => {
        let moves = 0;
        addEventListener('popstate', () => {
          if (++moves === 2) done();
        });
        history.back();
      }),
  );
  await expect(name).toHaveValue('typed text');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.goBack();
  await expect(page).toHaveURL(at('/organizations'));
});

test('the typed name of an organization outlives Escape', async ({ page }) => {
  const id = await organization('escape');
  await page.goto(at(`/organizations/${id}/settings`));
  await page.getByRole('button', { name: 'Delete organization' }).click();
  const dialog = page.getByRole('dialog');
  const name = dialog.getByRole('textbox', { name: 'Name of the organization' });
  await name.fill('typed text');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(name).toHaveValue('typed text');
  await name.fill('');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('a slash opens the search from a checkbox', async ({ page }) => {
  const id = await organization('slash', ['slash.example']);
  await signUp('jane@slash.example');
  await page.goto(at(`/organizations/${id}/members`));
  await page.getByRole('checkbox').first().focus();
  await page.keyboard.press('/');
  await expect(page.getByRole('dialog', { name: 'Search' })).toBeVisible();
});

test('each tab and page has a title of its own', async ({ page }) => {
  const id = await organization('titles', ['titles.example']);
  const { id: roleId, name } = await role(unique('titles'));
  const provisioning = `Just-in-time provisioning · ${id} · Usher`;
  for (const [path, title] of [
    [`/organizations/${id}`, provisioning],
    [`/organizations/${id}?domain=titles.example`, `titles.example · ${provisioning}`],
    [`/organizations/${id}/members`, `Members · ${id} · Usher`],
    [`/organizations/${id}/members/removed`, `Removed members · ${id} · Usher`],
    [`/organizations/${id}/requests`, `Requests · ${id} · Usher`],
    [`/organizations/${id}/settings`, `Settings · ${id} · Usher`],
    ['/organizations', 'Organizations · Usher'],
    ['/roles', 'Organization roles · Usher'],
    [`/roles/${roleId}`, `${name} · Usher`],
    ['/help', 'Help · Usher'],
  ] as const) {
    await page.goto(at(path));
    await expect(page).toHaveTitle(title);
  }
});

test('a page that cannot be loaded says so, keeps the navigation and offers to reload', async ({
  page,
}) => {
  const parts = /\/console\/assets\/(RolesPage|Messages|SearchDialog)-/;
  await page.route(parts, (route) => route.fulfill({ status: 404 }));
  await page.goto(at('/organizations'));
  await page.getByRole('link', { name: 'Roles' }).click();
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('This part of the console could not be loaded');
  await expect(page.getByRole('link', { name: 'Organizations' })).toBeVisible();
  await page.unroute(parts);
  await alert.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Organization roles' })).toBeVisible();
});
