import type { Page } from '@playwright/test';
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
import { expect, paste, test } from './support/console.ts';
import { inspect } from './support/look.ts';

interface Acme {
  id: string;
  domain: string;
}

/** A typical organization, with members and roles. */
async function acme(): Promise<Acme> {
  const id = unique('acme');
  const domain = `${id}.example`;
  await ask('POST', '/organizations', {
    id,
    name: 'Acme Rockets and Road Runners International',
    description: 'Everything for the hunt, delivered to the desert overnight.',
    customData: { plan: 'enterprise' },
  });
  const { id: engineer } = await role(unique('engineer'));
  const { id: reader } = await role(unique('reader'));
  await ask('PUT', `/organizations/${id}/jit/roles`, { organizationRoleIds: [engineer, reader] });
  await ask('PUT', `/organizations/${id}/jit/email-domains`, {
    emailDomains: [domain, `de.${domain}`, `rockets.${domain}`],
  });
  await signUp(`jane@${domain}`);
  await signUp(`wolfeschlegelsteinhausenbergerdorff.the.elder@rockets.${domain}`);
  return { id, domain };
}

/** Requests to join by rules with different roles. */
async function requests(id: string, domain: string): Promise<string[]> {
  const { id: guest } = await role(unique('guest'));
  for (const [name, organizationRoleIds] of [
    ['guests', [guest]] as const,
    ['sales', null] as const,
  ]) {
    const listing = {
      emailDomain: `${name}.${domain}`,
      enrollment: 'request',
      organizationRoleIds,
    };
    await ask('POST', `/organizations/${id}/jit/email-domains`, listing);
  }
  return [
    ...(await users([`joe@guests.${domain}`])),
    ...(await users([`wolfeschlegelsteinhausenbergerdorff.the.younger@sales.${domain}`])),
  ];
}

/** A member who was removed, and a user who was declined. */
async function removedAndDeclined(id: string, domain: string) {
  const path = `/organizations/${id}/users`;
  const [jane] = await ask<{ id: string }[]>('GET', `${path}?q=jane@${domain}`);
  await ask('DELETE', `${path}/${jane?.id}`);
  const [joe] = await requests(id, domain);
  await ask('POST', `/organizations/${id}/join-requests/${joe}/decline`);
}

/** Lists domains with settings of all kinds, of which another organization lists one. */
async function manyKinds(id: string, domain: string) {
  const path = `/organizations/${id}/jit/email-domains`;
  const [first] = await ask<{ id: string }[]>('GET', `/organizations/${id}/jit/roles`);
  await ask('PATCH', `${path}/${domain}`, { subdomains: true, organizationRoleIds: [first?.id] });
  const pending = { emailDomain: `pending.${domain}`, ownership: 'pending' };
  await ask('POST', path, { ...pending, enrollment: 'request', existingUsers: 'off' });
  await organization('other', [domain]);
}

const activity = (page: Page) => page.getByRole('table', { name: 'Activity' });

/** Every screen, and how to open it. */
const SCREENS: Record<string, (page: Page, acme: Acme) => Promise<void>> = {
  organizations: async (page) => {
    await page.goto(at('/organizations'));
    await expect(page.getByRole('table')).toBeVisible();
  },
  'create-organization': async (page) => {
    await page.goto(at('/organizations'));
    await page.getByRole('button', { name: 'Create organization' }).first().click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  provisioning: async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('textbox', { name: 'An email address to try' }).fill(`joe@${domain}`);
    await expect(page.getByText('Becomes a member', { exact: true })).toBeVisible();
  },
  'provisioning-refused': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}`));
    const field = page.getByRole('textbox', { name: 'Add email domains' });
    await field.fill(`fr.${domain}, gmail.com, jane@${domain}, localhost`);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByText('3 domains were refused')).toBeVisible();
  },
  'provisioning-refused-many': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}`));
    const addresses = Array.from({ length: 16 }, (_, n) => `joe@n${n}.${domain}`);
    const listed = Array.from({ length: 36 }, (_, n) => `l${n}.${domain}`);
    const typed = [...addresses, ...listed, 'gmail.com', 'web.de', `*.${domain}`].join(', ');
    await page.getByRole('textbox', { name: 'Add email domains' }).fill(typed);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByRole('button', { name: '16 are email addresses', exact: true }).click();
    await expect(page.getByRole('button', { name: `Drop joe@n0.${domain}` })).toBeVisible();
  },
  'provisioning-review': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('textbox', { name: 'Add email domains' }).focus();
    const added = Array.from({ length: 12 }, (_, n) => `n${n}.${domain}`).join('\n');
    const others = ['Acme Rockets.example', '“ACME.example”', `jane@${domain}`, 'gmail.com'];
    await paste(page, `${added}\nde.${domain}\n${others.join('\n')}`);
    await expect(page.getByText('4 entries left out')).toBeVisible();
  },
  'provisioning-domains': async (page, { id, domain }) => {
    await manyKinds(id, domain);
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('textbox', { name: 'Add email domains' }).fill('new.example ');
    await expect(page.getByText('On request, existing users off')).toBeVisible();
  },
  'provisioning-domain': async (page, { id, domain }) => {
    await manyKinds(id, domain);
    await page.goto(at(`/organizations/${id}?domain=pending.${domain}`));
    await page.getByRole('button', { name: 'Check DNS now' }).click();
    await expect(page.getByRole('status').getByRole('group').first()).toBeVisible();
    await page
      .getByRole('combobox', { name: 'Roles', exact: true })
      .selectOption('Roles of its own, or none');
  },
  'provisioning-domain-vouch': async (page, { id, domain }) => {
    await manyKinds(id, domain);
    await page.goto(at(`/organizations/${id}?domain=pending.${domain}`));
    await page.getByRole('button', { name: 'Vouch for it' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'provisioning-domain-conflict': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}?domain=${domain}`));
    await page.getByRole('combobox', { name: 'New users' }).selectOption('Off');
    const path = `/organizations/${id}/jit/email-domains/${domain}`;
    await ask('PATCH', path, { enrollment: 'request', subdomains: true });
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByText('Somebody else changed this')).toBeVisible();
  },
  'provisioning-conflict': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('textbox', { name: 'Add email domains' }).fill(`mine.${domain} `);
    const path = `/organizations/${id}/jit/email-domains`;
    await ask('POST', path, { emailDomain: `theirs.${domain}` });
    await ask('DELETE', `${path}/de.${domain}`);
    await page.getByRole('button', { name: 'Save changes' }).click();
    const alert = page.getByRole('alert').filter({ hasText: 'Somebody else changed this' });
    await expect(alert).toBeVisible();
  },
  'provisioning-roles': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('combobox', { name: 'Default roles' }).fill('Auditor');
    await expect(page.getByRole('option', { name: 'Create the role' })).toBeVisible();
  },
  providers: async (page, { id }) => {
    const [okta, entra] = [await identityProvider('Okta'), await identityProvider('Entra')];
    const path = `/organizations/${id}/jit/sso-connectors`;
    await ask('PUT', path, { ssoConnectorIds: [okta, entra] });
    await ask('PATCH', `${path}/${entra}`, { enrollment: 'request', emailDomains: 'listed' });
    await page.goto(at(`/organizations/${id}`));
    const field = page.getByRole('textbox', { name: 'Add identity providers' });
    await field.fill('Acme-Ping');
    await field.press('Enter');
    await page.getByRole('button', { name: `Settings of ${okta}` }).click();
    await page.getByRole('radio', { name: 'No roles' }).check();
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page.getByText('Automatic · No roles · Any address')).toBeVisible();
  },
  'providers-settings': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}`));
    const field = page.getByRole('textbox', { name: 'Add identity providers' });
    await field.fill('Acme-Okta');
    await field.press('Enter');
    await page.getByRole('button', { name: 'Settings of Acme-Okta' }).click();
    await page.getByRole('radio', { name: 'These roles instead' }).check();
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page.getByText('Select at least one role')).toBeVisible();
  },
  'providers-refused': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}`));
    const field = page.getByRole('textbox', { name: 'Add identity providers' });
    await field.fill(`${await identityProvider('Okta')} Acme-Unknown`);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByRole('alert')).toBeFocused();
  },
  'providers-conflict': async (page, { id }) => {
    const okta = await identityProvider('Okta');
    const path = `/organizations/${id}/jit/sso-connectors`;
    await ask('PUT', path, { ssoConnectorIds: [okta] });
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('button', { name: `Settings of ${okta}` }).click();
    await page.getByRole('radio', { name: 'They ask to become a member' }).check();
    await page.getByRole('button', { name: 'Apply' }).click();
    await ask('PATCH', `${path}/${okta}`, { enrollment: 'off', organizationRoleIds: [] });
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByText('you both changed it')).toBeVisible();
  },
  'preview-draft': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('textbox', { name: 'Add email domains' }).fill(`new.${domain} `);
    await page.getByRole('textbox', { name: 'An email address to try' }).fill(`jane@new.${domain}`);
    await expect(page.getByText('With your unsaved changes', { exact: true })).toBeVisible();
  },
  'preview-member': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('textbox', { name: 'An email address to try' }).fill(`jane@${domain}`);
    await expect(page.getByText('Already a member since')).toBeVisible();
  },
  'preview-removed': async (page, { id, domain }) => {
    const [jane] = await ask<{ id: string }[]>(
      'GET',
      `/organizations/${id}/users?q=jane@${domain}`,
    );
    await ask('DELETE', `/organizations/${id}/users/${jane?.id}`);
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('textbox', { name: 'An email address to try' }).fill(`jane@${domain}`);
    await expect(page.getByRole('button', { name: 'Put back' })).toBeVisible();
  },
  unsaved: async (page, { id }) => {
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('textbox', { name: 'Add email domains' }).fill('unsaved.example ');
    await page.getByRole('link', { name: 'Members' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  members: async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}/members`));
    await expect(page.getByText(`jane@${domain}`)).toBeVisible();
  },
  'members-menu': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/members`));
    await page
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click();
    await expect(page.getByRole('menuitem', { name: 'Remove' })).toBeVisible();
  },
  'members-roles': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}/members`));
    await page.getByRole('button', { name: `Actions for jane@${domain}` }).click();
    await page.getByRole('menuitem', { name: 'Change roles' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'members-selected': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/members`));
    await page.getByRole('checkbox', { name: /^Select all/ }).check();
    await expect(page.getByRole('button', { name: 'Remove roles' })).toBeVisible();
  },
  'members-remove': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/members`));
    await page.getByRole('checkbox', { name: /^Select all/ }).check();
    await page.getByRole('button', { name: 'Remove members' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'members-undo': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}/members`));
    await page.getByRole('button', { name: `Actions for jane@${domain}` }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
    // So that it stays.
    await page.getByRole('button', { name: 'Undo' }).focus();
  },
  'members-removed': async (page, { id, domain }) => {
    await removedAndDeclined(id, domain);
    await page.goto(at(`/organizations/${id}/members/removed`));
    await expect(page.getByRole('table')).toBeVisible();
    await page.getByRole('checkbox', { name: /^Select all/ }).check();
  },
  'members-put-back': async (page, { id, domain }) => {
    await removedAndDeclined(id, domain);
    await page.goto(at(`/organizations/${id}/members/removed`));
    await page.getByRole('checkbox', { name: /^Select all/ }).check();
    await page.getByRole('button', { name: 'Put back', exact: true }).click();
    await page.getByRole('radio', { name: 'Other roles' }).check();
    await expect(page.getByRole('combobox', { name: 'Other roles' })).toBeVisible();
  },
  'members-rules-decide': async (page, { id, domain }) => {
    await removedAndDeclined(id, domain);
    await page.goto(at(`/organizations/${id}/members/removed`));
    await page
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: 'Let the rules decide again' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  requests: async (page, { id, domain }) => {
    await requests(id, domain);
    await page.goto(at(`/organizations/${id}/requests`));
    await page.getByRole('checkbox', { name: /^Select all/ }).check();
  },
  'requests-approve': async (page, { id, domain }) => {
    await requests(id, domain);
    await page.goto(at(`/organizations/${id}/requests`));
    await page.getByRole('checkbox', { name: /^Select all/ }).check();
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await expect(page.getByRole('list', { name: 'Roles by rule' })).toBeVisible();
  },
  'requests-approve-one': async (page, { id, domain }) => {
    await requests(id, domain);
    await page.goto(at(`/organizations/${id}/requests`));
    await page
      .getByRole('button', { name: /^Approve/ })
      .first()
      .click();
    await expect(page.getByRole('combobox', { name: 'Roles' })).toBeVisible();
  },
  'requests-decline': async (page, { id, domain }) => {
    await requests(id, domain);
    await page.goto(at(`/organizations/${id}/requests`));
    await page
      .getByRole('button', { name: /^Decline/ })
      .first()
      .click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'members-add': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}/members`));
    await page.getByRole('button', { name: 'Add members' }).click();
    await page.getByRole('textbox', { name: 'Email addresses or user IDs' }).focus();
    await paste(page, `jane@${domain}, nobody@${domain}`);
    await expect(page.getByText('Already a member')).toBeVisible();
    await expect(page.getByText('Nobody in the user pool')).toBeVisible();
  },
  'members-nobody': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/members?q=nobody`));
    await expect(page.getByText('No member matches')).toBeVisible();
  },
  activity: async (page, { id, domain }) => {
    await manyKinds(id, domain);
    await removedAndDeclined(id, domain);
    await page.goto(at(`/organizations/${id}/activity`));
    await expect(activity(page)).toContainText(`The request of joe@guests.${domain} was declined`);
  },
  'activity-filters': async (page, { id, domain }) => {
    await page.goto(at(`/organizations/${id}/activity?type=Organization.Membership.Created`));
    await expect(activity(page)).toContainText(`jane@${domain} became a member`);
    await page.getByRole('combobox', { name: 'Person' }).click();
    await expect(page.getByRole('option', { name: `jane@${domain}` })).toBeVisible();
  },
  'activity-nothing': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/activity?type=Organization.SsoConnector.Removed`));
    await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  },
  user: async (page, { id, domain }) => {
    const [jane] = await ask<{ id: string }[]>(
      'GET',
      `/organizations/${id}/users?q=jane@${domain}`,
    );
    await page.goto(at(`/users/${jane?.id}`));
    await expect(page.getByRole('table', { name: 'Memberships' })).toBeVisible();
    await expect(activity(page)).toContainText(`jane@${domain} became a member`);
    await expect(page.getByText('"organizations"')).toBeVisible();
  },
  'user-nobody': async (page) => {
    await page.goto(at('/users/5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11'));
    await expect(page.getByRole('heading', { name: 'Nobody has this user ID' })).toBeVisible();
  },
  settings: async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/settings`));
    await page.getByRole('textbox', { name: 'Name' }).fill('Acme');
    await expect(page.getByRole('button', { name: 'Save changes' })).toBeVisible();
  },
  'settings-delete': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/settings`));
    await page.getByRole('button', { name: 'Delete organization' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'settings-conflict': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/settings`));
    await page.getByRole('textbox', { name: 'Custom data' }).fill('{"plan": "mine"}');
    const name = 'Acme Rockets, Road Runners and Anvils International';
    await ask('PATCH', `/organizations/${id}`, { name, customData: { plan: 'theirs' } });
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByText('Somebody else changed this')).toBeVisible();
  },
  'settings-gone': async (page, { id }) => {
    await page.goto(at(`/organizations/${id}/settings`));
    await page.getByRole('textbox', { name: 'Description' }).fill('To be copied');
    await ask('DELETE', `/organizations/${id}`);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByText('This organization was deleted')).toBeVisible();
  },
  role: async (page, { id }) => {
    const [first] = await ask<{ id: string }[]>('GET', `/organizations/${id}/jit/roles`);
    await page.goto(at(`/roles/${first?.id}`));
    await expect(page.getByText('This role is held by 2 members')).toBeVisible();
  },
  'role-conflict': async (page, { id }) => {
    const [first] = await ask<{ id: string }[]>('GET', `/organizations/${id}/jit/roles`);
    await page.goto(at(`/roles/${first?.id}`));
    await page.getByRole('button', { name: 'Edit' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Description' }).fill('Mine');
    await ask('PATCH', `/organization-roles/${first?.id}`, { description: 'Theirs' });
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByText('Somebody else changed this')).toBeVisible();
  },
  roles: async (page) => {
    await page.goto(at('/roles'));
    await expect(page.getByRole('table')).toBeVisible();
  },
  'roles-create': async (page) => {
    await page.goto(at('/roles'));
    await page.getByRole('button', { name: 'Create role' }).first().click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'roles-delete': async (page) => {
    await page.goto(at('/roles'));
    await page
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  search: async (page, { id }) => {
    await page.goto(at(`/organizations/${id}`));
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await expect(page.getByRole('region', { name: 'Opened recently' })).toBeVisible();
  },
  'search-names': async (page) => {
    await page.goto(at('/organizations'));
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByRole('search').getByRole('textbox').fill('e');
    await expect(
      page.getByRole('region', { name: 'Roles' }).getByRole('link').first(),
    ).toBeVisible();
  },
  'search-person': async (page, { domain }) => {
    await page.goto(at('/organizations'));
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByRole('search').getByRole('textbox').fill(`jane@${domain}`);
    await expect(page.getByText(`By ${domain}, when signing up`)).toBeVisible();
    await expect(page.getByText('Becomes a member.')).toBeVisible();
  },
  help: async (page) => {
    await page.goto(at('/help'));
    await expect(page.getByRole('link', { name: 'Errors' })).toBeVisible();
  },
  'help-document': async (page) => {
    await page.goto(at('/help/errors#organization.id_in_use'));
    await expect(page.getByRole('row', { name: 'organization.id_in_use' })).toBeFocused();
  },
  'not-found': async (page) => {
    await page.goto(at('/nowhere'));
    await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible();
  },
};

for (const [name, open] of Object.entries(SCREENS)) {
  test(`${name} is accessible and fits, in light and dark, from narrow to wide`, async ({
    page,
  }) => {
    // Seven layouts, with axe in four of them.
    test.setTimeout(600_000);
    await open(page, await acme());
    await inspect(page, name);
  });
}
