import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import type { HoldfastError } from '../../base/errors.ts';
import { nullable } from './schemas/common.ts';
import { compileValidator } from './validator.ts';

const Query = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    trash: Type.Optional(Type.Boolean()),
    q: Type.Optional(Type.String({ maxLength: 5 })),
  },
  { additionalProperties: false, patternProperties: { '^metadata\\.': Type.Unknown() } },
);
const Body = Type.Object(
  {
    name: Type.String(),
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
    expiresAt: Type.Optional(nullable(Type.String({ format: 'date-time' }))),
  },
  { additionalProperties: false },
);

/** What is wrong with the value, by path; undefined where it fits. */
async function refusal(schema: Type.TSchema, httpPart: string, value: unknown) {
  const validate = compileValidator({ schema, httpPart, method: 'GET', url: '/' });
  const outcomes: (HoldfastError | undefined)[] = [];
  // The first call compiles, the second does not: they must agree.
  for (let round = 0; round < 2; round += 1) {
    try {
      const outcome = (await validate(structuredClone(value))) as boolean | { error: HoldfastError };
      outcomes.push(typeof outcome === 'object' ? outcome.error : undefined);
    } catch (error) {
      outcomes.push(error as HoldfastError);
    }
  }
  const [first, second] = outcomes;
  expect(second?.detail).toBe(first?.detail);
  if (first) expect(first.code).toBe('invalid_request');
  return (
    first && {
      detail: first.detail,
      fields: Object.fromEntries(first.fields.map(({ path, message }) => [path, message])),
    }
  );
}

describe('a query', () => {
  it.each([{}, { limit: '1' }, { limit: '200', trash: 'true', q: 'abc' }, { trash: 'false' }, { 'metadata.a': 'b' }])(
    '%j fits',
    async (query) => {
      expect(await refusal(Query, 'querystring', query)).toBeUndefined();
    },
  );

  it.each([
    { limit: '0' },
    { limit: '201' },
    { limit: '' },
    { limit: '1.5' },
    { limit: '1e2' },
    { limit: ' 1' },
    { limit: 'ten' },
    { limit: ['1', '2'] },
    { limit: '9'.repeat(40) },
    { trash: 'yes' },
    { trash: '1' },
    { trash: '' },
    { q: 'abcdef' },
    { q: ['a', 'b'] },
    { colour: 'red' },
    { metadata: 'x' },
  ])('%j does not, and is told why', async (query) => {
    const [name] = Object.keys(query);
    const refused = await refusal(Query, 'querystring', query);
    expect(Object.keys(refused?.fields ?? {})).toEqual([name]);
    expect(refused?.detail).toMatch(new RegExp(`^The query parameter ${name} .+\\.$`));
  });

  it('is read as numbers and truth values', () => {
    const query = { limit: '7', trash: 'true', q: '7' };
    const validate = compileValidator({ schema: Query, httpPart: 'querystring', method: 'GET', url: '/' });
    void validate(query);
    return expect(Promise.resolve(validate(query)).then(() => query)).resolves.toEqual({
      limit: 7,
      trash: true,
      q: '7',
    });
  });
});

describe('a body', () => {
  it.each([
    { name: 'a' },
    { name: 'a', metadata: { b: 'c' }, expiresAt: '2026-03-01T12:00:00Z' },
    { name: 'a', expiresAt: null },
  ])('%j fits', async (body) => {
    expect(await refusal(Body, 'body', body)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [{}, 'name'],
    [{ name: 1 }, 'name'],
    [{ name: null }, 'name'],
    [{ name: 'a', colour: 'red' }, 'colour'],
    [{ name: 'a', metadata: { b: 1 } }, 'metadata.b'],
    [{ name: 'a', metadata: { 'x/y~z': 1 } }, 'metadata.x/y~z'],
    [{ name: 'a', expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ name: 'a', expiresAt: 7 }, 'expiresAt'],
  ])('%j does not, and is told where', async (body, path) => {
    expect(Object.keys((await refusal(Body, 'body', body))?.fields ?? {})).toContain(path);
  });

  it.each([undefined, null])('that is not there is asked for', async (body) => {
    expect((await refusal(Body, 'body', body))?.detail).toBe('The request needs a JSON body.');
  });

  it.each(['text', 7, []])('%j is none', async (body) => {
    expect(await refusal(Body, 'body', body)).toBeDefined();
  });

  it('is told of a few fields, not of thousands', async () => {
    const body = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`field${i}`, 1]));
    expect(Object.keys((await refusal(Body, 'body', body))?.fields ?? {}).length).toBeLessThanOrEqual(20);
  });
});
