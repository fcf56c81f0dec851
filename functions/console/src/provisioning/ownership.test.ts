import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ANSWERS, answerWords, likelyZone, nameInZone, zonesOf } from './ownership';

/** The names of the answers in the source of the API. */
const source = readFileSync(
  new URL('../../../../shared/src/domain/ownership.rs', import.meta.url),
  'utf8',
);
const [, named = ''] = /impl DnsAnswer \{(.*?)\n\}/s.exec(source) ?? [];
const answers = [...named.matchAll(/=> "([a-z_]+)",/g)].map(([, name]) => String(name));

describe('the answers of DNS', () => {
  it('have words, each of them', () => {
    expect(answers.length).toBeGreaterThanOrEqual(8);
    expect(Object.keys(ANSWERS).toSorted()).toEqual(answers.toSorted());
  });

  it('that a newer API has are named', () => {
    expect(answerWords('of_a_newer_api').title).toBe('DNS answered: of_a_newer_api');
  });
});

describe('the name of a record in a zone', () => {
  it('leaves out the zone', () => {
    expect(nameInZone('_usher-challenge.acme.com', 'acme.com')).toBe('_usher-challenge');
    expect(nameInZone('_usher-challenge.mail.acme.com', 'acme.com')).toBe('_usher-challenge.mail');
    expect(nameInZone('_usher-challenge.acme.com', 'other.com')).toBe('_usher-challenge.acme.com');
  });

  it('can be in the zone of the domain, and of each domain above it', () => {
    expect(zonesOf('a.b.acme.com')).toEqual(['a.b.acme.com', 'b.acme.com', 'acme.com']);
    expect(zonesOf('acme.com')).toEqual(['acme.com']);
  });

  it('is most likely in the zone that was registered', () => {
    for (const [domain, zone] of [
      ['acme.com', 'acme.com'],
      ['mail.acme.com', 'acme.com'],
      ['acme.co.uk', 'acme.co.uk'],
      ['mail.acme.co.uk', 'acme.co.uk'],
      ['bmw.de', 'bmw.de'],
    ] as const) {
      expect(likelyZone(domain)).toBe(zone);
    }
  });
});
