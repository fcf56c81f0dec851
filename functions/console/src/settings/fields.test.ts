import { describe, expect, it } from 'vitest';
import { organizationOf } from '../organizations/customData';
import { bodyOf, customDataReason, normalised, settingsOf } from './fields';

/** The settings of an organization with this custom data. */
const withCustomData = (customData: string) =>
  settingsOf(
    organizationOf(
      `{"id":"acme","name":"Acme","description":null,"customData":${customData},"createdAt":"2026-01-01T09:00:00.000Z"}`,
      new Headers(),
    ),
  );

const BEFORE = withCustomData('{"plan":"free"}');

describe('bodyOf', () => {
  it('has the fields that are given, and leaves custom data to its own text', () => {
    expect(bodyOf({})).toEqual({});
    expect(bodyOf({ name: 'Acme Ltd', customData: '{}' })).toEqual({ name: 'Acme Ltd' });
  });

  it('has null for an empty description', () => {
    expect(bodyOf({ description: 'A customer' })).toEqual({ description: 'A customer' });
    expect(bodyOf({ description: '' })).toEqual({ description: null });
  });
});

describe('normalised settings', () => {
  it('are what the API stores: trimmed, composed, and without white space in custom data', () => {
    const typed = { name: ' Cafe\u0301 ', description: '\n', customData: '{"a" :1.50}' };
    expect(normalised(typed)).toEqual({
      name: 'Caf\u00e9',
      description: '',
      customData: '{\n  "a": 1.50\n}',
    });
  });

  it('are the same after they are stored and read', () => {
    for (const customData of ['{"tenant":9007199254740993,"e":"\\u00e9"}', '{"a":1,"a":2}']) {
      const settings = withCustomData(customData);
      expect(normalised(settings)).toEqual(settings);
    }
  });

  it('differ if numbers or texts are written in another way, which JSON.parse does not show', () => {
    for (const [stored, typed] of [
      ['{"a":9007199254740993}', '{"a":9007199254740992}'],
      ['{"a":1.50}', '{"a":1.5}'],
      ['{"a":"\\u00e9"}', '{"a":"é"}'],
      ['{"a":1,"a":2}', '{"a":2}'],
    ] as const) {
      expect(normalised(withCustomData(stored))).not.toEqual(normalised(withCustomData(typed)));
    }
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
