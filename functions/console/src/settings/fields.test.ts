import { describe, expect, it } from 'vitest';
import { organizationOf } from '../organizations/customData';
import { changedFields, customDataReason, fieldsOf, isSame } from './fields';

/** The settings of an organization with this custom data. */
const withCustomData = (customData: string) =>
  fieldsOf(
    organizationOf(
      `{"id":"acme","name":"Acme","description":null,"customData":${customData},"createdAt":"2026-01-01T09:00:00.000Z"}`,
    ),
  );

const BEFORE = withCustomData('{"plan":"free"}');

describe('changedFields', () => {
  it('contains only the fields that differ', () => {
    expect(changedFields(BEFORE, BEFORE)).toEqual({});
    expect(changedFields(BEFORE, { ...BEFORE, name: 'Acme Ltd' })).toEqual({ name: 'Acme Ltd' });
    expect(changedFields(BEFORE, { ...BEFORE, customData: '{}' })).toEqual({ customData: '{}' });
  });

  it('sends an empty description as null', () => {
    const described = { ...BEFORE, description: 'A customer' };
    expect(changedFields(BEFORE, described)).toEqual({ description: 'A customer' });
    expect(changedFields(described, BEFORE)).toEqual({ description: null });
    expect(isSame(BEFORE, described)).toBe(false);
  });

  it('contains custom data as it is written', () => {
    const base = withCustomData('{"tenant":9007199254740993,"price":1.50,"plan":"free"}');
    expect(base.customData).toBe(`{
  "tenant": 9007199254740993,
  "price": 1.50,
  "plan": "free"
}`);
    const customData = base.customData.replace('free', 'gold');
    expect(changedFields(base, { ...base, customData })).toEqual({ customData });
  });

  it('tells numbers apart that are the same to JSON.parse', () => {
    for (const [stored, typed] of [
      ['{"a":9007199254740993}', '{"a":9007199254740992}'],
      ['{"a":1.50}', '{"a":1.5}'],
      ['{"a":"\\u00e9"}', '{"a":"é"}'],
      ['{"a":1,"a":2}', '{"a":2}'],
    ] as const) {
      const [base, mine] = [withCustomData(stored), withCustomData(typed)];
      expect(isSame(base, mine)).toBe(false);
      expect(changedFields(base, mine)).toEqual({ customData: mine.customData });
    }
  });

  it('is empty once a draft is as before, and leaves what others change meanwhile', () => {
    const base = withCustomData('{"tenant":9007199254740993}');
    const mine = { ...base, name: 'Acme Ltd' };
    expect(isSame({ ...mine, name: base.name }, base)).toBe(true);
    // The draft survives a sign-in as JSON, and its custom data is not what has changed.
    expect(changedFields(base, JSON.parse(JSON.stringify(mine)))).toEqual({ name: 'Acme Ltd' });
  });
});

describe('customDataReason', () => {
  it('is set for anything but a JSON object', () => {
    expect(customDataReason(BEFORE.customData)).toBeUndefined();
    for (const text of ['[]', 'null', '"text"', '1']) {
      expect(customDataReason(text)).toBe('Custom data must be a JSON object: { … }.');
    }
    for (const text of ['', '{', '{"a":01}', '{"a":1,}', "{'a':1}", '{"a":"\n"}', '{} {}']) {
      expect(customDataReason(text)).toMatch(/^This is not JSON: /);
    }
  });

  it('leaves it to the API to refuse a JSON object', () => {
    for (const text of ['{"a":1e400}', '{"a":1,"a":2}', String.raw`{"a":"\ud800"}`]) {
      expect(customDataReason(text)).toBeUndefined();
    }
  });
});
