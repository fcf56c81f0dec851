import { describe, expect, it } from 'vitest';
import { ApiError, problemOf } from './problem';

describe('an unsuccessful response', () => {
  it('is shown with the title and detail of its problem', () => {
    const problem = { title: 'Not Found', detail: 'No organization has the id "x".', message: '…' };
    const error = ApiError.of(new Response(null, { status: 404 }), problem);
    expect(error.problem).toEqual({ title: 'Not Found', detail: problem.detail, status: 404 });
    expect(error.temporary).toBe(false);
  });

  it('is shown with the message of the gateway, which sends nothing else', () => {
    const error = ApiError.of(new Response(null, { status: 403 }), { message: 'Forbidden' });
    expect(problemOf(error)).toEqual({
      title: 'You are not allowed to do this',
      detail: 'Forbidden',
      status: 403,
    });
  });

  it('is shown even without a problem, and may succeed later', () => {
    const error = ApiError.of(new Response(null, { status: 502 }), '<html>');
    expect(error.problem.title).toBe('Something went wrong');
    expect(error.temporary).toBe(true);
  });
});
