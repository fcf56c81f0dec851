import { describe, expect, it } from 'vitest';
import { ApiError, told } from './problem';

describe('an answer that is no success', () => {
  it('is told in the words of its problem', () => {
    const problem = { title: 'Not Found', detail: 'No organization has the id "x".', message: '…' };
    const error = ApiError.of(new Response(null, { status: 404 }), problem);
    expect(error.problem).toEqual({ title: 'Not Found', detail: problem.detail, status: 404 });
    expect(error.passing).toBe(false);
  });

  it('is told in the words of the gateway, which sends no more than a message', () => {
    const error = ApiError.of(new Response(null, { status: 403 }), { message: 'Forbidden' });
    expect(told(error)).toEqual({ title: 'You may not do this', detail: 'Forbidden', status: 403 });
  });

  it('is told even without a body, and may pass', () => {
    const error = ApiError.of(new Response(null, { status: 502 }), '<html>');
    expect(error.problem.title).toBe('Something went wrong');
    expect(error.passing).toBe(true);
  });
});
