import { describe, expect, it } from 'vitest';
import { sayRepeated, takenIn } from './domains';

describe('takenIn', () => {
  it('adds what the list does not have, however it is spelled', () => {
    const text = 'ACME.example, New.example new.example. bücher.example';
    expect(takenIn(['acme.example', 'xn--bcher-kva.example'], text)).toEqual({
      domains: ['acme.example', 'xn--bcher-kva.example', 'new.example'],
      repeated: ['acme.example', 'new.example', 'xn--bcher-kva.example'],
      text: '',
    });
  });

  it('leaves a single domain that the list has in the field', () => {
    expect(takenIn(['acme.example'], ' ACME.example ')).toEqual({
      domains: ['acme.example'],
      repeated: ['acme.example'],
      text: 'ACME.example',
    });
  });
});

it('takes in what is no domain as a whole, for the API to refuse', () => {
  expect(takenIn([], 'Acme Rockets.example').domains).toEqual(['Acme Rockets.example']);
});

describe('sayRepeated', () => {
  it('names the first of them', () => {
    expect(sayRepeated([])).toBeUndefined();
    expect(sayRepeated(['a.example'])).toBe('a.example is already listed.');
    expect(sayRepeated(['a.example', 'b.example', 'c.example', 'd.example', 'e.example'])).toBe(
      '5 domains are already listed: a.example, b.example, c.example and 2 more.',
    );
  });
});
