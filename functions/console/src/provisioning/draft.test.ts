import { describe, expect, it } from 'vitest';
import type { EmailDomain } from '../api/types';
import { newRole } from '../roles/newRoles';
import { changes, merge } from './changes';
import { DEFAULTS, type SomeSettings } from './domainSettings';
import {
  type Configuration,
  type Draft,
  draftOf,
  isUnsaved,
  newDomainsWithSettings,
  newSettings,
  rebased,
  settingsIn,
  withEdit,
  withItems,
  withoutEdit,
  withSaved,
} from './draft';
import { remaining } from './outcome';
import { summaryOf } from './summary';

const BASE = configuration(['a.example', 'b.example'], ['viewer'], '"1"');

function configuration(domains: string[], roles: string[], etag: string): Configuration {
  const providers = { items: [], facts: [], etag };
  const [listed, given] = [
    { items: domains, etag },
    { items: roles, etag },
  ];
  return { domains: listed, roles: given, rules: {}, providers };
}

function edited(domains: string[], roles: string[]): Draft {
  return { base: BASE, mine: { domains, roles, edits: {}, providers: [] } };
}

describe('changes', () => {
  it('are what only one of the lists contains, regardless of order', () => {
    expect(changes(['a', 'b', 'c'], ['d', 'c', 'a'])).toEqual({ added: ['d'], removed: ['b'] });
    expect(changes(['a', 'b'], ['b', 'a'])).toEqual({ added: [], removed: [] });
  });
});

describe('merge', () => {
  it('puts my changes on top of theirs', () => {
    expect(merge(['a', 'b'], ['a', 'mine'], ['a', 'b', 'theirs'])).toEqual(['a', 'theirs', 'mine']);
  });

  it('keeps their removals', () => {
    expect(merge(['a', 'b'], ['a', 'b', 'mine'], ['b'])).toEqual(['b', 'mine']);
  });

  it('adds once what both added, and removes what both removed', () => {
    expect(merge(['a', 'b'], ['b', 'c'], ['b', 'c'])).toEqual(['b', 'c']);
  });
});

describe('a draft', () => {
  it('has nothing to save while both lists are the same', () => {
    expect(isUnsaved(draftOf(BASE))).toBe(false);
    expect(isUnsaved(edited(['b.example', 'a.example'], ['viewer']))).toBe(false);
    expect(isUnsaved(edited(['a.example'], ['viewer']))).toBe(true);
    expect(isUnsaved(edited(['a.example', 'b.example'], []))).toBe(true);
  });

  it('has only the other list to save after one is saved', () => {
    const draft = edited(['a.example'], ['viewer', 'editor']);
    const saved = withSaved(draft, 'roles', { items: ['viewer', 'editor'], etag: '"2"' });
    expect(summaryOf(saved)).toBe('1 domain removed');
    expect(saved.base.domains).toBe(BASE.domains);
  });

  it('shows their changes after a conflict, and keeps mine on top', () => {
    const draft = edited(['a.example', 'b.example', 'mine.example'], ['editor']);
    const now = configuration(['b.example', 'theirs.example'], ['viewer'], '"2"');
    expect(rebased(draft, now)).toMatchObject({
      base: now,
      mine: {
        domains: ['b.example', 'theirs.example', 'mine.example'],
        roles: ['editor'],
        edits: {},
      },
      theirs: {
        settings: [],
        domains: { added: ['theirs.example'], removed: ['a.example'] },
        roles: { added: [], removed: [] },
      },
    });
  });
});

describe('the settings of a domain', () => {
  const rule = (domain: string, settings: SomeSettings): EmailDomain => ({
    ...DEFAULTS,
    ...settings,
    organizationId: 'acme',
    emailDomain: domain,
    addedAt: '2026-01-01T00:00:00.000Z',
    addedBy: null,
    ownership: {
      state: 'vouched',
      record: null,
      checkedAt: null,
      provenAt: null,
      failingSince: null,
      vouchedBy: null,
      answer: null,
      detail: null,
    },
  });
  const stored = (settings: SomeSettings, etag = '"1"'): Configuration => ({
    ...configuration(['a.example', 'b.example'], ['viewer'], etag),
    rules: { 'a.example': rule('a.example', settings), 'b.example': rule('b.example', {}) },
  });
  const draft = draftOf(stored({ organizationRoleIds: ['viewer', 'editor'] }));

  it('have nothing to save after they are set back, in whichever order', () => {
    const off = withEdit(draft, 'a.example', { enrollment: 'off' });
    expect(isUnsaved(off)).toBe(true);
    expect(isUnsaved(withEdit(off, 'a.example', { enrollment: 'automatic' }))).toBe(false);
    const same = { organizationRoleIds: ['editor', 'viewer'] };
    expect(isUnsaved(withEdit(draft, 'a.example', same))).toBe(false);
    expect(isUnsaved(withEdit(draft, 'a.example', { organizationRoleIds: null }))).toBe(true);
  });

  it('send only what I set', () => {
    const edited = withEdit(draft, 'a.example', { subdomains: true, existingUsers: null });
    expect(newSettings(edited, 'a.example')).toEqual({ subdomains: true });
    expect(summaryOf(edited)).toBe('1 domain changed');
  });

  it('of a new domain are sent with it, and go with it', () => {
    const added = withItems(draft, 'domains', [...draft.mine.domains, 'c.example']);
    const pending = withEdit(added, 'c.example', { ownership: 'pending' });
    expect(newDomainsWithSettings(added)).toEqual([]);
    expect(newDomainsWithSettings(pending)).toEqual(['c.example']);
    expect(summaryOf(pending)).toBe('1 domain added');
    const removed = withItems(pending, 'domains', draft.mine.domains);
    expect(removed.mine.edits).toEqual({});
  });

  it('of a listed domain survive that it is removed and added again', () => {
    const edited = withEdit(draft, 'a.example', { enrollment: 'off' });
    const removed = withItems(edited, 'domains', ['b.example']);
    const again = withItems(removed, 'domains', ['b.example', 'a.example']);
    expect(settingsIn(again, 'a.example').enrollment).toBe('off');
  });

  it('are merged one by one', () => {
    const edited = withEdit(draft, 'a.example', { enrollment: 'off', subdomains: true });
    const now = stored({ enrollment: 'request', existingUsers: 'off' }, '"2"');
    const merged = rebased(edited, now);
    expect(settingsIn(merged, 'a.example')).toMatchObject({
      enrollment: 'off',
      existingUsers: 'off',
      organizationRoleIds: null,
      subdomains: true,
    });
    expect(merged.theirs?.settings).toEqual([
      { domain: 'a.example', settings: ['enrollment', 'existingUsers', 'organizationRoleIds'] },
    ]);
    const theirs = withoutEdit(merged, 'a.example', 'enrollment');
    expect(settingsIn(theirs, 'a.example').enrollment).toBe('request');
  });

  it('that are saved are no change any more, also if somebody else changes them back', () => {
    const off = withEdit(draft, 'a.example', { enrollment: 'off' });
    const both = withEdit(off, 'b.example', { enrollment: 'off' });
    const base = stored({ enrollment: 'off', organizationRoleIds: ['viewer', 'editor'] }, '"2"');
    const refusal = { list: 'domains' as const, error: 0, rolesSaved: false, domainsSaved: false };
    const rest = remaining(both, { kind: 'refused', base, stored: new Map(), refusal });
    expect(rest?.mine.edits).toEqual({ 'b.example': { enrollment: 'off' } });
  });
});

describe('summaryOf', () => {
  it('counts what was added and removed', () => {
    expect(summaryOf(edited(['c.example', 'd.example'], ['viewer', 'editor']))).toBe(
      '2 domains added, 2 removed · 1 role added',
    );
  });

  it('names new roles, and text that is not added yet', () => {
    const roles = ['viewer', newRole('Auditor'), 'editor'];
    expect(summaryOf(edited(BASE.domains.items, roles), { hasText: true })).toBe(
      '2 roles added (1 new) · Text in a field is not added yet',
    );
    expect(summaryOf(edited(BASE.domains.items, ['viewer', 'editor']), { refused: 2 })).toBe(
      '2 domains refused · 1 role added',
    );
  });
});

describe('remaining', () => {
  const draft = edited(['a.example', 'b.example', 'mine.example'], [newRole('Editor')]);
  const stored = new Map([[newRole('Editor'), 'role_1']]);
  const lists = (domains: string[], roles: string[]) => configuration(domains, roles, '"2"');

  it('is nothing after all is saved', () => {
    const base = lists(draft.mine.domains, ['role_1']);
    expect(remaining(draft, { kind: 'saved', base, stored })).toBeUndefined();
  });

  it('is what has changed since the draft was sent', () => {
    const base = lists(draft.mine.domains, ['role_1']);
    const { domains } = draft.mine;
    const added = [...domains, 'later.example'];
    const later: Draft = { ...draft, mine: { ...draft.mine, domains: added } };
    expect(remaining(later, { kind: 'saved', base, stored })).toEqual({
      base,
      mine: { ...draft.mine, domains: [...domains, 'later.example'], roles: ['role_1'] },
    });
    const refusal = {
      list: 'domains' as const,
      error: undefined,
      rolesSaved: true,
      domainsSaved: false,
    };
    expect(
      remaining(later, {
        kind: 'refused',
        base: { ...base, domains: BASE.domains },
        stored,
        refusal,
      }),
    ).toEqual({
      base: { ...base, domains: BASE.domains },
      mine: { ...draft.mine, domains: [...domains, 'later.example'], roles: ['role_1'] },
    });
  });

  it('is mine on top of theirs after a conflict', () => {
    const now = lists(['b.example', 'theirs.example'], ['viewer']);
    expect(remaining(draft, { kind: 'conflict', base: BASE, stored, now })).toMatchObject({
      base: now,
      mine: { domains: ['b.example', 'theirs.example', 'mine.example'], roles: ['role_1'] },
      theirs: { domains: { added: ['theirs.example'], removed: ['a.example'] } },
    });
  });

  it('is nothing if the others have saved the same, or an answer was lost', () => {
    const now = lists(['a.example', 'b.example', 'mine.example', 'theirs.example'], ['role_1']);
    expect(remaining(draft, { kind: 'conflict', base: BASE, stored, now })).toBeUndefined();
  });
});
