import { describe, expect, it } from 'vitest';
import { type Configuration, type Draft, draftOf, isUnsaved } from '../provisioning/draft';
import { remaining } from '../provisioning/outcome';
import { summaryOf } from '../provisioning/summary';
import { DEFAULTS, type ProviderSettings } from './settings';

const REQUEST: ProviderSettings = { ...DEFAULTS, enrollment: 'request' };

type All = Record<string, ProviderSettings>;

const list = (all: All) => Object.entries(all).map(([id, settings]) => ({ id, ...settings }));

const configuration = (all: All, etag = '"1"'): Configuration => ({
  domains: { items: ['a.example'], etag },
  roles: { items: ['viewer'], etag },
  rules: {},
  providers: { items: list(all), facts: [], etag },
});
const BASE = configuration({ Okta: DEFAULTS, Entra: DEFAULTS });
const edited = (all: All): Draft => {
  const draft = draftOf(BASE);
  return { ...draft, mine: { ...draft.mine, providers: list(all) } };
};

describe('the identity providers of a draft', () => {
  it('are unsaved if a provider or a setting has changed', () => {
    expect(isUnsaved(draftOf(BASE))).toBe(false);
    expect(isUnsaved(edited({ Entra: DEFAULTS, Okta: { ...DEFAULTS } }))).toBe(false);
    expect(isUnsaved(edited({ Okta: REQUEST, Entra: DEFAULTS }))).toBe(true);
    expect(summaryOf(edited({ Okta: REQUEST, Ping: DEFAULTS, Other: DEFAULTS }))).toBe(
      '2 identity providers added, 1 removed, 1 changed',
    );
  });

  it('keep my settings on top of theirs after a conflict, and name what they changed', () => {
    const entra: ProviderSettings = { ...DEFAULTS, emailDomains: 'listed' };
    const okta: ProviderSettings = { ...REQUEST, organizationRoleIds: [] };
    const now = configuration({ Okta: okta, Entra: entra }, '"2"');
    const mine = edited({ Okta: { ...DEFAULTS, enrollment: 'off' }, Entra: DEFAULTS });
    const rest = remaining(mine, { kind: 'conflict', base: BASE, stored: new Map(), now });
    expect(rest?.mine.providers).toEqual(
      list({
        Okta: { enrollment: 'off', organizationRoleIds: [], emailDomains: 'any' },
        Entra: entra,
      }),
    );
    expect(rest?.theirs?.providers).toEqual({
      added: [],
      removed: [],
      changed: [
        { id: 'Okta', settings: ['enrollment', 'organizationRoleIds'] },
        { id: 'Entra', settings: ['emailDomains'] },
      ],
    });
  });

  it('are kept as JSON while somebody signs in again', () => {
    const now = configuration({ Okta: REQUEST }, '"2"');
    const conflict = { kind: 'conflict', base: BASE, stored: new Map(), now } as const;
    const draft = remaining(edited({ Okta: DEFAULTS, Ping: REQUEST }), conflict);
    expect(draft).toBeDefined();
    expect(JSON.parse(JSON.stringify(draft))).toEqual(draft);
  });
});
