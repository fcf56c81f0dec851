import { describe, expect, it } from 'vitest';
import { changedFields, customDataReason, fieldsOf, isSame } from './fields';

const BEFORE = fieldsOf({
  id: 'acme',
  name: 'Acme',
  description: null,
  customData: { plan: 'free' },
  createdAt: '2026-01-01T09:00:00.000Z',
});

describe('changedFields', () => {
  it('contains only the fields that differ', () => {
    expect(changedFields(BEFORE, BEFORE)).toEqual({});
    expect(changedFields(BEFORE, { ...BEFORE, name: 'Acme Ltd' })).toEqual({ name: 'Acme Ltd' });
    expect(changedFields(BEFORE, { ...BEFORE, customData: '{}' })).toEqual({ customData: {} });
  });

  it('sends an empty description as null', () => {
    const described = { ...BEFORE, description: 'A customer' };
    expect(changedFields(BEFORE, described)).toEqual({ description: 'A customer' });
    expect(changedFields(described, BEFORE)).toEqual({ description: null });
    expect(isSame(BEFORE, described)).toBe(false);
  });
});

describe('customDataReason', () => {
  it('is set for anything but a JSON object', () => {
    expect(customDataReason(BEFORE.customData)).toBeUndefined();
    for (const text of ['[]', 'null', '"text"', '1']) {
      expect(customDataReason(text)).toBe('Custom data must be a JSON object: { … }.');
    }
    expect(customDataReason('{')).toMatch(/^This is not JSON: /);
  });
});
