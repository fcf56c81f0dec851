import { describe, expect, it } from 'vitest';
import { type Draft, isUnsaved, rebased } from './fields';

const BEFORE = { name: 'Acme', description: 'A customer', customData: '{}' };
const now = (changes: Partial<typeof BEFORE>) => ({
  texts: { ...BEFORE, ...changes },
  etag: '"2"',
});
const draft = (changes: Partial<typeof BEFORE>): Draft<keyof typeof BEFORE> => ({
  base: { texts: BEFORE, etag: '"1"' },
  mine: { ...BEFORE, ...changes },
});

describe('a draft on top of what somebody else saved', () => {
  it('keeps the fields that only I changed, and takes those that only they changed', () => {
    const theirs = now({ name: 'Acme Ltd', customData: '{"a":1}' });
    expect(rebased(draft({ description: 'Ours' }), theirs)).toEqual({
      base: theirs,
      mine: { name: 'Acme Ltd', description: 'Ours', customData: '{"a":1}' },
      theirs: ['name', 'customData'],
    });
  });

  it('keeps mine in the fields that both changed, and names them', () => {
    const theirs = now({ name: 'Theirs' });
    const merged = rebased(draft({ name: 'Mine' }), theirs);
    expect(merged).toEqual({ base: theirs, mine: { ...BEFORE, name: 'Mine' }, theirs: ['name'] });
    expect(isUnsaved(merged)).toBe(true);
  });

  it('has nothing to save if both made the same changes', () => {
    expect(isUnsaved(rebased(draft({ name: 'Same' }), now({ name: 'Same' })))).toBe(false);
  });

  it('keeps a field that I emptied, and one that they emptied', () => {
    const merged = rebased(draft({ description: '' }), now({ customData: '' }));
    expect(merged.mine).toEqual({ name: 'Acme', description: '', customData: '' });
  });

  it('is merged again if somebody else saves again', () => {
    const once = rebased(draft({ name: 'Mine' }), now({ name: 'Theirs' }));
    const again = now({ name: 'Theirs', description: 'Third' });
    expect(rebased(once, { ...again, etag: '"3"' })).toEqual({
      base: { ...again, etag: '"3"' },
      mine: { ...BEFORE, name: 'Mine', description: 'Third' },
      theirs: ['description'],
    });
  });
});
