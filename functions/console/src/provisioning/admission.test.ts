import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/problem';
import type { OrganizationPreview } from '../api/types';
import { DEFAULTS, type ProviderSettings } from '../providers/settings';
import { newRole } from '../roles/newRoles';
import {
  draftBody,
  isSameAnswer,
  questionBody,
  refusedParts,
  ruleText,
  withNewRoles,
} from './admission';
import { type Configuration, type Draft, draftOf, withEdit, withItems } from './draft';

const BASE: Configuration = {
  domains: { items: ['acme.example'], etag: '"1"' },
  roles: { items: ['viewer'], etag: '"1"' },
  rules: {},
  providers: { items: [], facts: [], etag: '"1"' },
};
const OWN: ProviderSettings = { ...DEFAULTS, organizationRoleIds: ['viewer'] };
const DRAFT: Draft = {
  base: BASE,
  mine: {
    ...draftOf(BASE).mine,
    roles: ['viewer', newRole('Auditor')],
    providers: [
      { id: 'Okta', ...DEFAULTS },
      { id: 'Entra', ...OWN },
    ],
  },
};
const JOIN: OrganizationPreview = {
  organizationId: 'acme',
  organizationName: 'Acme',
  emailDomain: 'acme.example',
  decision: 'join',
  reason: null,
  detail: null,
  rule: { kind: 'sso_connector', ssoConnectorId: 'Okta', isSubdomain: false },
  checks: [],
  organizationRoles: [{ id: 'viewer', name: 'Viewer' }],
  removedAt: null,
  removedBy: null,
};

describe('a question', () => {
  it('names an identity provider only if there is one', () => {
    const email = 'jane@acme.example';
    expect(questionBody({ email, identityProvider: '', existingUser: true })).toEqual({
      email,
      existingUser: true,
    });
    expect(questionBody({ email, identityProvider: 'Okta', existingUser: false })).toEqual({
      email,
      identityProvider: 'Okta',
      existingUser: false,
    });
  });
});

describe('the lists of a draft', () => {
  it('are sent whole, without the roles that have no ID yet', () => {
    expect(draftBody(DRAFT)).toMatchObject({
      emailDomains: [{ emailDomain: 'acme.example' }],
      ssoConnectors: [
        { id: 'Okta', ...DEFAULTS },
        { id: 'Entra', ...OWN },
      ],
      organizationRoleIds: ['viewer'],
    });
  });

  it('have the settings of domains that I have set', () => {
    const off = withEdit(DRAFT, 'acme.example', { enrollment: 'off', subdomains: true });
    expect(draftBody(off).emailDomains).toEqual([
      { emailDomain: 'acme.example', enrollment: 'off', subdomains: true },
    ]);
  });

  it('say which new domains DNS has to prove before they admit anybody', () => {
    const grown = withItems(DRAFT, 'domains', ['pending.example', 'acme.example', 'new.example']);
    const pending = withEdit(grown, 'pending.example', { ownership: 'pending' });
    expect(draftBody(pending).emailDomains).toEqual([
      { emailDomain: 'pending.example', ownership: 'pending' },
      { emailDomain: 'acme.example' },
      { emailDomain: 'new.example' },
    ]);
  });

  it('can be refused in parts, which are named', () => {
    const at = (pointer: string) => ({ pointer, code: 'email_domain.invalid', detail: '' });
    const errors = ['/draft/emailDomains/0/emailDomain', '/draft/ssoConnectors/1/id', '/email'];
    const error = ApiError.of(new Response(null, { status: 422 }), { errors: errors.map(at) });
    expect(refusedParts(error, DRAFT)).toEqual([
      { name: 'acme.example', detail: expect.stringMatching(/^This is not a domain\./) },
      { name: 'Entra', detail: expect.stringMatching(/^This is not a domain\./) },
    ]);
    expect(refusedParts(ApiError.unreachable(), DRAFT)).toEqual([]);
  });
});

describe('the answer about a draft', () => {
  it('has the new default roles', () => {
    const { organizationRoles } = withNewRoles(JOIN, DRAFT);
    expect(organizationRoles.map(({ name }) => name)).toEqual(['Viewer', 'Auditor (new)']);
  });

  it('has no default roles if the rule has roles of its own, or if nobody is admitted', () => {
    const rule = { kind: 'sso_connector', ssoConnectorId: 'Entra', isSubdomain: false } as const;
    expect(withNewRoles({ ...JOIN, rule }, DRAFT)).toEqual({ ...JOIN, rule });
    const domain = {
      kind: 'email_domain',
      emailDomain: 'acme.example',
      isSubdomain: false,
    } as const;
    const own = withEdit(DRAFT, 'acme.example', { organizationRoleIds: ['viewer'] });
    const byDomain = { ...JOIN, rule: domain };
    expect(withNewRoles(byDomain, own)).toEqual(byDomain);
    expect(withNewRoles(byDomain, DRAFT).organizationRoles).toHaveLength(2);
    const refused = { ...JOIN, decision: 'refuse', organizationRoles: [] } as const;
    expect(withNewRoles({ ...refused, organizationRoles: [] }, DRAFT).organizationRoles).toEqual(
      [],
    );
  });

  it('differs if the decision, the rule or the roles differ', () => {
    expect(isSameAnswer(JOIN, { ...JOIN, organizationName: 'Other' })).toBe(true);
    expect(isSameAnswer(JOIN, { ...JOIN, decision: 'request' })).toBe(false);
    expect(isSameAnswer(JOIN, { ...JOIN, organizationRoles: [] })).toBe(false);
    const rule = { kind: 'email_domain', emailDomain: 'acme.example', isSubdomain: true } as const;
    expect(isSameAnswer(JOIN, { ...JOIN, rule })).toBe(false);
    expect(ruleText(rule)).toBe('acme.example, with its subdomains');
  });
});
