import { describe, expect, it } from 'vitest';
import { continued } from './loadedPages';

const page = (text: string, next?: string) => ({
  items: [...text].map((id) => ({ id })),
  next,
});
const loaded = (...texts: string[]) => ({
  pages: texts.map((text, index) =>
    page(text, index + 1 < texts.length ? `${index + 1}` : undefined),
  ),
  pageParams: texts.map((_, index) => (index === 0 ? '' : `${index}`)),
});

describe('a first page that is fetched again', () => {
  it('is the same if nothing has changed', () => {
    expect(continued(page('abc', '1'), loaded('abc', 'def'))).toEqual(page('abc', '1'));
  });

  it('ends where the second page begins if items of it are gone', () => {
    expect(continued(page('acd', 'd'), loaded('abc', 'def'))).toEqual(page('ac', '1'));
    expect(continued(page('acd', 'd'), loaded('ac', 'def'))).toEqual(page('ac', '1'));
    expect(continued(page('abg', 'g'), loaded('ab', '', 'ghi'))).toEqual(page('ab', '1'));
  });

  it('keeps what new items have pushed out of it', () => {
    expect(continued(page('xab', 'b'), loaded('abc', 'def'))).toEqual(page('xabc', '1'));
  });

  it('is taken as it is if it is the last one, or if nothing in it was loaded', () => {
    expect(continued(page('ab'), loaded('abc', 'def'))).toEqual(page('ab'));
    expect(continued(page('xyz', 'z'), loaded('abc', 'def'))).toEqual(page('xyz', 'z'));
    expect(continued(page('abc', 'c'), loaded('abc'))).toEqual(page('abc', 'c'));
  });
});
