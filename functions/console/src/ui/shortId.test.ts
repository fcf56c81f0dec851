import { describe, expect, it } from 'vitest';
import { partsOf } from './shortId';

describe('partsOf', () => {
  it.each([
    ['acme', ['acme', '', '']],
    ['acme-rockets-and-runners', ['acme-rockets-and-runners', '', '']],
    ['acme-rockets-and-road-runners', ['acme-rockets-a', 'nd-road', '-runners']],
    ['5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11', ['5b0f6c1e', '-9d0c-4f0b-8f5e-0c2f6a7f', '4c11']],
    ['role_01a2035319ad77f3b8960be2f54cdc4c', ['role_01a20353', '19ad77f3b8960be2f54c', 'dc4c']],
  ])('shortens %s', (id, parts) => {
    expect(partsOf(id)).toEqual(parts);
    expect(partsOf(id).join('')).toBe(id);
  });
});
