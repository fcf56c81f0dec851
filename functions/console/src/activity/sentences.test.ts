import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Activity, EventType } from '../api/types';
import { KINDS, kindNamed } from './kinds';
import { activitySearch } from './search';
import { detailsOf, reasonOf, sentenceOf, textOf } from './sentences';

/** One event of each type, as Usher's own tests have recorded it. */
const SAMPLES: Record<EventType, Activity> = JSON.parse(
  readFileSync(new URL('../../../../docs/events/samples.json', import.meta.url), 'utf8'),
);

const roleName = (id: string) => (id === 'role_019b76daa80070008000000000000000' ? 'Engineer' : id);

/** The sentence, the reason and the details of the sample of each type. */
const SAID: Record<EventType, readonly [string, string | undefined, ...string[]]> = {
  'Organization.Created': ['The organization was created', undefined],
  'Organization.Updated': [
    'The organization was changed',
    undefined,
    'Name: “Acme” → “Acme Rockets”',
    'Custom data changed',
  ],
  'Organization.Deleted': [
    'The organization was deleted',
    undefined,
    'Ended with it: 2 memberships',
  ],
  'Organization.DefaultRoles.Changed': [
    'The default roles were changed',
    undefined,
    'Added: Engineer',
  ],
  'Organization.Membership.Created': [
    'jane became a member',
    'The email domain acme.example',
    'Roles: Engineer',
  ],
  'Organization.Membership.RolesChanged': [
    'The roles of lee were changed',
    undefined,
    'Added: Engineer',
  ],
  'Organization.Membership.Removed': [
    'jane is no longer a member',
    'Removed by hand',
    'Roles before: Engineer',
  ],
  'Organization.Membership.Updated': ['Members were added or removed', undefined],
  'Organization.RemovedUser.Cleared': ['The rules decide about kim again', undefined],
  'Organization.JoinRequest.Created': ['joe asked to join', 'The email domain acme.example'],
  'Organization.JoinRequest.Approved': ['The request of joe was approved', undefined],
  'Organization.JoinRequest.Declined': ['The request of kim was declined', undefined],
  'Organization.JoinRequest.Removed': [
    'The request of lee ended',
    'Became a member in another way',
  ],
  'Organization.EmailDomain.Added': ['The email domain acme.example was added', undefined],
  'Organization.EmailDomain.Changed': [
    'The settings of the email domain acme.example were changed',
    undefined,
    'New users: automatic → on request',
    'Roles: default roles → none',
  ],
  'Organization.EmailDomain.Removed': ['The email domain eu.example was removed', undefined],
  'Organization.EmailDomain.OwnershipChanged': [
    'The ownership of eu.example changed',
    undefined,
    'Not proven yet → vouched for',
  ],
  'Organization.SsoConnector.Added': ['The identity provider Acme-Okta was added', undefined],
  'Organization.SsoConnector.Changed': [
    'The settings of the identity provider Acme-Okta were changed',
    undefined,
    'New users: automatic → off',
  ],
  'Organization.SsoConnector.Removed': ['The identity provider Acme-Okta was removed', undefined],
  'OrganizationRole.Created': ['The role Engineer was created', undefined],
  'OrganizationRole.Updated': [
    'The role Engineer was changed',
    undefined,
    'Description: none → “Builds rockets.”',
  ],
  'OrganizationRole.Deleted': ['The role Engineer was deleted', undefined],
  'User.Deleted': ['joe was deleted', undefined],
};

const said = (entry: Activity) => [
  textOf(sentenceOf(entry)),
  reasonOf(entry),
  ...detailsOf(entry, roleName),
];

describe('an entry', () => {
  it.each(Object.entries(SAMPLES))('of the type %s says what has happened', (type, sample) => {
    expect(said(sample)).toEqual(SAID[type as EventType]);
  });

  it('has words for each type', () => {
    expect(Object.keys(SAMPLES).toSorted()).toEqual(Object.keys(SAID).toSorted());
  });

  it('of a newer API is named by its type', () => {
    const entry = { ...SAMPLES['User.Deleted'], type: 'Organization.Novelty' as EventType };
    expect(said(entry)).toEqual(['Organization.Novelty', undefined]);
  });

  it('names a user by the address, then by the user name, and a deleted one not at all', () => {
    const joined = SAMPLES['Organization.Membership.Created'];
    const named = { ...joined, primaryEmail: 'jane@acme.example', username: 'jane.doe' };
    expect(sentenceOf(named).subject).toEqual({
      kind: 'user',
      id: 'jane',
      name: 'jane@acme.example',
    });
    expect(textOf(sentenceOf({ ...named, primaryEmail: null }))).toBe('jane.doe became a member');
    const { userId: _, ...anonymous } = joined;
    expect(textOf(sentenceOf(anonymous))).toBe('A deleted user became a member');
    const { userId: __, ...request } = SAMPLES['Organization.JoinRequest.Approved'];
    expect(textOf(sentenceOf(request))).toBe('The request of a deleted user was approved');
  });

  it('says by which rule, and why something ended', () => {
    const joined = SAMPLES['Organization.Membership.Created'];
    const by = (cause: NonNullable<Activity['cause']>) => reasonOf({ ...joined, cause });
    expect(by({ rule: 'sso_connector', ssoConnectorId: 'Acme-Okta' })).toBe(
      'The provider Acme-Okta',
    );
    expect(by({ rule: 'api' })).toBe('Added by hand');
    expect(by({ reason: 'user_deleted' })).toBe('The user was deleted');
    const shared = { cause: { reason: 'same_address' } } as const;
    expect(reasonOf({ ...SAMPLES['Organization.Membership.Removed'], ...shared })).toBe(
      'Another account with the same address was removed',
    );
    expect(reasonOf({ ...SAMPLES['Organization.JoinRequest.Removed'], ...shared })).toBe(
      'Another account with the same address was removed or declined',
    );
  });

  it('says what is not usual about what was added, and what ended with an organization', () => {
    const added = SAMPLES['Organization.EmailDomain.Added'];
    const after = {
      enrollment: 'request',
      existingUsers: 'off',
      organizationRoleIds: ['role_gone'],
      subdomains: true,
      ownership: 'pending',
    };
    expect(detailsOf({ ...added, after }, roleName)).toEqual([
      'New users: on request',
      'Existing users: off',
      'Roles: role_gone',
      'Subdomains: included',
      'Ownership: not proven yet',
    ]);
    const deleted = SAMPLES['Organization.Deleted'];
    const before = { memberships: 1, joinRequests: 2 };
    expect(detailsOf({ ...deleted, before }, roleName)).toEqual([
      'Ended with it: 1 membership, 2 requests',
    ]);
  });

  it('says what DNS has answered', () => {
    const changed = SAMPLES['Organization.EmailDomain.OwnershipChanged'];
    const [before, after] = [
      { ownership: 'proven' },
      { ownership: 'failing', answer: 'no_record' },
    ];
    const [first, second] = detailsOf({ ...changed, before, after }, roleName);
    expect(first).toBe('Proven → record missing');
    expect(second).not.toBe('');
  });
});

describe('the filter', () => {
  it('offers each type that an organization lists, once', () => {
    const offered = KINDS.flatMap(({ kinds }) => Object.keys(kinds));
    expect(new Set(offered).size).toBe(offered.length);
    const elsewhere = [
      'Organization.Deleted',
      'Organization.Membership.Updated',
      'OrganizationRole.Created',
      'OrganizationRole.Updated',
      'OrganizationRole.Deleted',
      'User.Deleted',
    ];
    expect([...offered, ...elsewhere].toSorted()).toEqual(Object.keys(SAMPLES).toSorted());
  });

  it('takes no type that it does not offer', () => {
    expect(kindNamed('Organization.Created')).toBe('Organization.Created');
    for (const name of [undefined, '', 'User.Deleted', 'toString']) {
      expect(kindNamed(name)).toBeUndefined();
    }
  });

  it('leaves out what makes no sense in an address', () => {
    expect(activitySearch({ type: 'Organization.Created', user: ' jane ' })).toEqual({
      type: 'Organization.Created',
      user: 'jane',
    });
    expect(activitySearch({ user: 42 })).toEqual({ user: '42' });
    for (const search of [{}, { type: '' }, { type: 'a b', user: 'a/b' }, { user: ['jane'] }]) {
      expect(activitySearch(search)).toEqual({});
    }
  });
});
