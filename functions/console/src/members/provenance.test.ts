import { describe, expect, it } from 'vitest';
import { howJoined } from './provenance';

describe('how somebody joined', () => {
  const domain = { rule: 'email_domain', emailDomain: 'acme.example' } as const;
  const provider = { rule: 'sso_connector', ssoConnectorId: 'Acme' } as const;

  it('names the rule and the entry path', () => {
    expect(howJoined({ ...domain, entryPath: 'PostConfirmation' })).toBe(
      'By acme.example, when signing up',
    );
    expect(howJoined({ ...provider, entryPath: 'PreTokenGeneration' })).toBe(
      'By the provider Acme, when signing in',
    );
    expect(howJoined({ rule: 'api', entryPath: 'ManagementApi' })).toBe('Added by hand');
  });

  it('says that it took a request, and who approved it', () => {
    const approvedBy = { clientId: 'console', subject: 'jane' };
    expect(howJoined({ ...domain, entryPath: 'PostConfirmation', approvedBy })).toBe(
      'By acme.example, by request when signing up, approved by the operator jane',
    );
  });
});
