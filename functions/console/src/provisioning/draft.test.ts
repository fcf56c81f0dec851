import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/problem';
import { reasonOf } from '../api/words';
import { changes, merge } from './changes';
import { type Configuration, type Draft, draftOf, isUnsaved, rebased, withSaved } from './draft';
import { reasonsOf } from './reasons';
import { summaryOf } from './summary';

const BASE = configuration(['a.example', 'b.example'], ['viewer'], '"1"');

function configuration(domains: string[], roles: string[], etag: string): Configuration {
  return { domains: { items: domains, etag }, roles: { items: roles, etag } };
}

function edited(domains: string[], roles: string[]): Draft {
  return { base: BASE, mine: { domains, roles } };
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
    expect(rebased(draft, now)).toEqual({
      base: now,
      mine: { domains: ['b.example', 'theirs.example', 'mine.example'], roles: ['editor'] },
      theirs: {
        domains: { added: ['theirs.example'], removed: ['a.example'] },
        roles: { added: [], removed: [] },
      },
    });
  });
});

describe('summaryOf', () => {
  it('counts what was added and removed', () => {
    expect(summaryOf(edited(['c.example', 'd.example'], ['viewer', 'editor']))).toBe(
      '2 domains added, 2 removed · 1 role added',
    );
  });
});

describe('reasonsOf', () => {
  const problem = {
    title: 'Unprocessable Entity',
    detail: '2 values cannot be accepted',
    errors: [
      { pointer: '/emailDomains/1', code: 'email_domain.single_label', detail: 'no dot' },
      { pointer: '/elsewhere', code: 'other', detail: 'Not of the list.' },
    ],
  };

  it('finds the item that a pointer refers to', () => {
    const error = ApiError.of(new Response(null, { status: 422 }), problem);
    expect(reasonsOf(error, ['a.example', 'localhost'])).toEqual({
      localhost: reasonOf('email_domain.single_label'),
    });
  });

  it('finds nothing in an error without a response', () => {
    expect(reasonsOf(new TypeError('Failed to fetch'), ['a.example'])).toEqual({});
  });
});
