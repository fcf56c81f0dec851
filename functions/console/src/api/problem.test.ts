import { describe, expect, it } from 'vitest';
import { ApiError, fieldErrors, problemOf } from './problem';
import { reasonOf } from './words';

const response = (status: number, url = '', headers = {}) => {
  const answer = new Response(null, { status, headers });
  Object.defineProperty(answer, 'url', { value: url });
  return answer;
};

describe('an unsuccessful response', () => {
  it('is shown in the words for its code, with what the API said behind it', () => {
    const problem = {
      code: 'organization.not_found',
      detail: 'no organization has the id "x"',
      message: '…',
    };
    const url = 'https://usher.example/organizations/a%20b/users?cursor=1';
    const error = ApiError.of(response(404, url, { 'apigw-requestid': 'abc=' }), problem);
    expect(problemOf(error)).toEqual({
      title: 'This organization does not exist',
      detail: 'No organization has the ID “a b”. It may have been deleted.',
      answer: '404 organization.not_found · no organization has the id "x" · Request abc=',
      code: 'organization.not_found',
    });
    expect(error.temporary).toBe(false);
  });

  it('names what was sent', () => {
    const error = ApiError.of(response(422), { code: 'organization.id_in_use', detail: '…' });
    expect(problemOf(error, { id: 'acme' }).detail).toMatch(/^An organization has the ID “acme”,/);
    expect(problemOf(error).detail).toMatch(/^An organization has the ID that you entered,/);
  });

  it('is shown in the words for its status if the gateway sends it', () => {
    const error = ApiError.of(response(403), { message: 'Forbidden' });
    expect(problemOf(error)).toMatchObject({
      title: 'You are not allowed to do this',
      answer: '403 · Forbidden',
    });
  });

  it('is shown in the words for its status if its code is new', () => {
    const error = ApiError.of(response(503), { code: 'new.code', detail: 'later' });
    expect(problemOf(error).title).toBe('Usher did not answer in time');
  });

  it('is shown even without a problem, and may succeed later', () => {
    const error = ApiError.of(response(599), '<html>');
    expect(problemOf(error)).toMatchObject({ title: 'Something went wrong', answer: '599' });
    expect(error.temporary).toBe(true);
  });
});

describe('no response', () => {
  it('is a connection that may come back', () => {
    const error = ApiError.unreachable();
    expect(problemOf(error).title).toBe('Usher cannot be reached');
    expect(error.temporary).toBe(true);
  });
});

describe('an error of the console', () => {
  it('is shown with its message behind it', () => {
    expect(problemOf(new TypeError('x is undefined'))).toMatchObject({
      title: 'Something went wrong',
      answer: 'x is undefined',
    });
  });
});

describe('fieldErrors', () => {
  const errors = (...reasons: [pointer: string, code: string][]) => {
    const violations = reasons.map(([pointer, code]) => ({ pointer, code, detail: 'lower case' }));
    return fieldErrors(ApiError.of(response(422), { errors: violations }));
  };

  it('has the first reason for each field', () => {
    const reasons = errors(
      ['/name', 'name.invalid'],
      ['/id', 'organization.id_invalid'],
      ['/name', 'internal'],
    );
    expect(reasons).toEqual({
      name: reasonOf('name.invalid'),
      id: reasonOf('organization.id_invalid'),
    });
    expect(fieldErrors(new Error('Failed'))).toEqual({});
  });

  it('says where in a field something is wrong', () => {
    const large = reasonOf('custom_data.number_too_large');
    const twice = reasonOf('custom_data.repeated_name');
    expect(errors(['/customData/a/1', 'custom_data.number_too_large'])).toEqual({
      customData: `At /a/1: ${large}`,
    });
    expect(errors(['/customData/b~1c/', 'custom_data.repeated_name'])).toEqual({
      customData: `At /b~1c/: ${twice}`,
    });
  });
});
