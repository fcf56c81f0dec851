import { afterEach, describe, expect, it } from 'vitest';
import { callerText } from './callers';
import { type Login, session } from './session';

describe('a caller', () => {
  afterEach(() => {
    session.value = { ended: false };
  });

  it('is an operator, or a program that calls as itself', () => {
    expect(callerText({ clientId: 'console', subject: 'jane' })).toBe('the operator jane');
    expect(callerText({ clientId: 'sync', subject: 'sync' })).toBe('the client sync');
    expect(callerText({ clientId: 'sync', subject: null })).toBe('the client sync');
    expect(callerText({ clientId: null, subject: 'jane' })).toBe('the operator jane');
  });

  it('is called "you" if it is who is signed in', () => {
    session.value = { login: { subject: 'jane' } as Login, ended: false };
    expect(callerText({ clientId: 'console', subject: 'jane' })).toBe('you');
    expect(callerText({ clientId: 'console', subject: 'joe' })).toBe('the operator joe');
  });
});
