import { describe, expect, it } from 'vitest';
import type { JoinRequest } from '../api/types';
import { commonRoles, grouped, ruleOf } from './rules';

const request = (by: Partial<JoinRequest>) => by as JoinRequest;
const byDomain = (emailDomain: string) => request({ rule: 'email_domain', emailDomain });
const byProvider = (ssoConnectorId: string) => request({ rule: 'sso_connector', ssoConnectorId });

const listed = {
  domains: [
    { emailDomain: 'acme.example', organizationRoleIds: null },
    { emailDomain: 'de.acme.example', organizationRoleIds: ['german'] },
    { emailDomain: 'guests.example', organizationRoleIds: [] },
  ],
  providers: [{ id: 'Acme', organizationRoleIds: ['a', 'b'] }],
  defaultRoleIds: ['b', 'a'],
};

const rolesOf = (...requests: JoinRequest[]) =>
  grouped(requests, listed).map(({ roleIds }) => roleIds);

describe('the roles that an approval gives', () => {
  it('are those of the rule, or the default roles if it has none of its own', () => {
    expect(rolesOf(byDomain('de.acme.example'))).toEqual([['german']]);
    expect(rolesOf(byDomain('acme.example'))).toEqual([['b', 'a']]);
    expect(rolesOf(byProvider('Acme'))).toEqual([['a', 'b']]);
  });

  it('are none if the rule says so', () => {
    expect(rolesOf(byDomain('guests.example'))).toEqual([[]]);
  });

  it('are the default roles if the rule is not listed any more', () => {
    expect(rolesOf(byDomain('gone.example'))).toEqual([['b', 'a']]);
    expect(rolesOf(byProvider('acme.example'))).toEqual([['b', 'a']]);
  });

  it('are those of each rule, unless all rules give the same', () => {
    const same = grouped([byDomain('acme.example'), byProvider('Acme')], listed);
    expect(commonRoles(same)).toEqual(['b', 'a']);
    const other = grouped([byDomain('acme.example'), byDomain('guests.example')], listed);
    expect(commonRoles(other)).toBeUndefined();
    expect(commonRoles([])).toBeUndefined();
  });
});

it('a provider is told from a domain of the same name', () => {
  expect(ruleOf(byDomain('acme.example'))).toBe('acme.example');
  expect(ruleOf(byProvider('acme.example'))).toBe('Provider acme.example');
});
