import { describe, expect, it } from 'vitest';
import { bodyWith, compact, indented, organizationOf } from './customData';

/** Custom data that `JSON.parse` and `JSON.stringify` would change in every member. */
const EXACT = [
  '"tenant":9007199254740993',
  '"price":1.50',
  '"numbers":[1E+3,-0,1e-400,12345678901234567890.10]',
  String.raw`"escapes":"\u00e9\/é\ud83d\uDE00\u0000\"\\"`,
  String.raw`"{,\"":["a : b","]","\\"]`,
  '"":{"":{},"list":[[],[{}]]}',
  '"10":null,"9":true',
  '"__proto__":{"a":1}',
  '"twice":1,"twice":{"twice":2,"twice":3}',
].join(',');

const HEADERS = new Headers({ etag: '"1"' });

/** The text of an answer with custom data. */
function answer(customData: string): string {
  return `{"id":"acme","name":"Acme","description":null,"customData":${customData},"createdAt":"2026-01-01T09:00:00.000Z"}`;
}

describe('an answer with an organization', () => {
  it('is read with the text of its custom data', () => {
    expect(organizationOf(answer(`{${EXACT}}`), HEADERS)).toEqual({
      id: 'acme',
      name: 'Acme',
      description: null,
      customData: `{${EXACT}}`,
      createdAt: '2026-01-01T09:00:00.000Z',
      etag: '"1"',
    });
  });

  it('loses only the white space between tokens', () => {
    const spaced = '\t{ "a b" :\r\n [ 1.50 , { } ,\n"  x  " ] }\n';
    expect(organizationOf(answer(spaced), HEADERS).customData).toBe('{"a b":[1.50,{},"  x  "]}');
  });

  it('can have its members in any order, and names of members anywhere', () => {
    for (const json of [
      '{"customData":{"a":1.0},"name":"customData"}',
      '{"name":"customData","custom\\u0044ata":{"a":1.0}}',
      String.raw`{"name":"\"customData\":{\"a\":2}","customData":{"a":1.0}}`,
      '{ "other" : [ { "customData" : { "a" : 2 } } ] , "customData" : { "a" : 1.0 } }',
    ]) {
      expect(organizationOf(json, HEADERS).customData).toBe('{"a":1.0}');
    }
    const nested = '{"customData":{"customData":1.0}}';
    expect(organizationOf(answer(nested), HEADERS).customData).toBe(nested);
  });
});

describe('indented', () => {
  it('puts members and elements on lines of their own, as JSON.stringify does', () => {
    const value = { a: 1, b: [], c: {}, d: [[1, 'x, y: {}'], { e: null, f: [true] }], '': '"[' };
    expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    expect(indented('{}')).toBe('{}');
    expect(indented('{ }')).toBe('{}');
  });

  it('keeps numbers, escapes and repeated names', () => {
    expect(indented(String.raw`{"a":9007199254740993,"a":[1.50,1e400],"\u0062":"\ud800\/"}`)).toBe(
      String.raw`{
  "a": 9007199254740993,
  "a": [
    1.50,
    1e400
  ],
  "\u0062": "\ud800\/"
}`,
    );
  });

  it('is undone by compact, at any depth', () => {
    for (const json of [`{${EXACT}}`, `${'{"a":['.repeat(100)}1.0${']}'.repeat(100)}`]) {
      expect(compact(indented(json))).toBe(json);
    }
  });
});

describe('bodyWith', () => {
  it('is JSON.stringify for a body without custom data', () => {
    for (const body of [{}, { name: 'Acme "Ltd"', description: null }]) {
      expect(bodyWith(undefined, body)).toBe(JSON.stringify(body));
    }
  });

  it('contains custom data as it is written', () => {
    expect(bodyWith(indented(`{${EXACT}}`), {})).toBe(`{"customData":{${EXACT}}}`);
    expect(bodyWith('{ "a": 1.50 }', { name: 'Acme' })).toBe(
      '{"name":"Acme","customData":{"a":1.50}}',
    );
  });

  it('leaves it to the API to refuse custom data', () => {
    for (const customData of ['{"a":1e400}', '{"a":1,"a":2}', String.raw`{"a":"\ud800"}`]) {
      expect(bodyWith(customData, {})).toBe(`{"customData":${customData}}`);
    }
  });

  it('escapes half a surrogate pair, which has no bytes in UTF-8', () => {
    expect(bodyWith('{"a":"\ud800 \u{1f600} \udc00"}', {})).toBe(
      `{"customData":{"a":"${String.raw`\ud800`} \u{1f600} ${String.raw`\udc00`}"}}`,
    );
  });
});
