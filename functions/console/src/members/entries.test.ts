import { describe, expect, it } from 'vitest';
import { type Account, chosenByDefault, entriesIn } from './entries';

describe('a pasted list', () => {
  it('has an entry for each address or id, however they are separated', () => {
    expect(entriesIn(' jane@a.example, joe@a.example;max@a.example\r\n5b0f6c1e-9d0c\t')).toEqual([
      'jane@a.example',
      'joe@a.example',
      'max@a.example',
      '5b0f6c1e-9d0c',
    ]);
  });

  it('may be copied from a mail', () => {
    const text = 'Doe, Jane <jane@a.example>, "Joe" <joe@a.example>; mailto:max@a.example.';
    expect(entriesIn(text)).toEqual(['Doe', 'jane@a.example', 'joe@a.example', 'max@a.example']);
    expect(entriesIn('')).toEqual([]);
  });
});

describe('the account that is chosen by default', () => {
  const account = (id: string, isProven: boolean, isMember = false) =>
    ({ id, isProven, isMember }) as Account;

  it('is the only one that has proven the address', () => {
    expect(chosenByDefault([account('a', true)])).toEqual(['a']);
    expect(chosenByDefault([account('a', true), account('b', false)])).toEqual(['a']);
  });

  it('is none if several have proven it, or nobody has', () => {
    expect(chosenByDefault([account('a', true), account('b', true)])).toEqual([]);
    expect(chosenByDefault([account('a', false)])).toEqual([]);
    expect(chosenByDefault([])).toEqual([]);
  });

  it('is none if it is a member already', () => {
    expect(chosenByDefault([account('a', true, true)])).toEqual([]);
  });
});
