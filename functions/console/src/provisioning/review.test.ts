import { describe, expect, it } from 'vitest';
import { judged, reviewOf } from './review';

const PARTS = [
  'new.example',
  'new.example',
  'kept.example',
  'jane@meant.example',
  'JOE@gmail.com',
  'gmail.com',
  'Acme Rockets.example',
  'localhost',
  'constructor',
];
const CODES = {
  'gmail.com': 'email_domain.public_mailbox',
  localhost: 'email_domain.single_label',
};

describe('a review of a pasted text', () => {
  it('asks the API about what is meant, once', () => {
    expect(judged(PARTS)).toEqual([
      'new.example',
      'kept.example',
      'meant.example',
      'gmail.com',
      'Acme Rockets.example',
      'localhost',
      'constructor',
    ]);
  });

  it('sorts the parts by what would become of them', () => {
    expect(reviewOf(PARTS, ['kept.example'], CODES)).toEqual({
      added: ['new.example'],
      listed: ['kept.example'],
      refused: {
        'jane@meant.example': 'email_domain.email_address',
        'JOE@gmail.com': 'email_domain.public_mailbox',
        'gmail.com': 'email_domain.public_mailbox',
        'Acme Rockets.example': 'pasted.several_words',
        localhost: 'email_domain.single_label',
        constructor: 'email_domain.invalid',
      },
    });
  });

  it('can do without the answer of the API', () => {
    expect(reviewOf(['gmail.com', 'jane@meant.example'], [], {})).toEqual({
      added: ['gmail.com'],
      listed: [],
      refused: { 'jane@meant.example': 'email_domain.email_address' },
    });
  });
});
