import { describe, expect, it } from 'vitest';
import { englishOf, timeFormats } from './relativeTime';

// Months count from 0: this is a Thursday in March.
const NOW = new Date(2026, 2, 12, 10, 30);
const { relative, exact } = timeFormats('en-GB');

describe('relative', () => {
  it.each([
    ['just now', new Date(2026, 2, 12, 10, 29, 1)],
    ['1 minute ago', new Date(2026, 2, 12, 10, 29)],
    ['59 minutes ago', new Date(2026, 2, 12, 9, 30, 1)],
    ['1 hour ago', new Date(2026, 2, 12, 9, 30)],
    ['23 hours ago', new Date(2026, 2, 11, 11, 0)],
    ['yesterday', new Date(2026, 2, 11, 10, 30)],
    ['yesterday', new Date(2026, 2, 11, 0, 0)],
    ['2 days ago', new Date(2026, 2, 10, 23, 59)],
    ['13 days ago', new Date(2026, 1, 27)],
    ['2 weeks ago', new Date(2026, 1, 26, 23, 59)],
    ['3 weeks ago', new Date(2026, 1, 13)],
    ['12 Feb 2026', new Date(2026, 1, 12, 23, 59)],
    ['31 Dec 2025', new Date(2025, 11, 31)],
  ])('says %s', (text, moment) => {
    expect(relative(moment, NOW)).toBe(text);
  });

  it('takes a clock that is ahead for now, and shows the date of what is to come', () => {
    expect(relative(new Date(2026, 2, 12, 11, 30), NOW)).toBe('just now');
    expect(relative(new Date(2026, 2, 12, 11, 31), NOW)).toBe('12 Mar 2026');
  });
});

describe('exact', () => {
  it('has the day, the time and the time zone', () => {
    expect(exact(NOW)).toMatch(/^Thursday.* 12 March 2026 at 10:30:00 .+/);
  });
});

describe('englishOf', () => {
  it('is the first English locale', () => {
    expect(englishOf(['de-DE', 'de', 'en-GB', 'en-US'])).toBe('en-GB');
    expect(englishOf(['en'])).toBe('en');
    expect(englishOf(['enm', 'fr'])).toBe('en');
    expect(englishOf([])).toBe('en');
  });
});
