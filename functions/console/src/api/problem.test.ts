import { describe, expect, it } from 'vitest';
import { ApiError, fieldErrors, problemOf } from './problem';

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

describe('fieldErrors', () => {
  const errors = (...reasons: [pointer: string, detail: string][]) => {
    const violations = reasons.map(([pointer, detail]) => ({ pointer, detail, code: 'x.invalid' }));
    return fieldErrors(ApiError.of(new Response(null, { status: 422 }), { errors: violations }));
  };

  it('has the first reason for each field', () => {
    expect(errors(['/name', 'it is empty'], ['/id', 'it is too long'], ['/name', 'x'])).toEqual({
      name: 'it is empty',
      id: 'it is too long',
    });
    expect(fieldErrors(new Error('Failed'))).toEqual({});
  });

  it('says where in a field something is wrong', () => {
    expect(errors(['/customData', 'it is too large'])).toEqual({ customData: 'it is too large' });
    expect(errors(['/customData/a/1', 'a number in it is too large'])).toEqual({
      customData: 'At /a/1: a number in it is too large',
    });
    expect(errors(['/customData/b~1c/', 'an object in it has two members'])).toEqual({
      customData: 'At /b~1c/: an object in it has two members',
    });
  });
});
