import { expect, test } from 'vitest';
import { HoldfastError } from '../../base/errors.ts';
import { apiPath, inWordsOfTheApi } from './field-paths.ts';

test.each([
  ['files[0].content_type', 'contentType'],
  ['files[0].metadata.expires_at', 'metadata.expires_at'],
  ['page.cursor', 'cursor'],
  ['expires_in', 'expiresIn'],
  ['options.max_width', 'options.max_width'],
  ['email', 'email'],
])('%s is %s in the API', (path, name) => expect(apiPath(path)).toBe(name));

test('all else of the error stays', () => {
  const cause = new Error('why');
  const error = new HoldfastError('invalid_request', 'No.', {
    fields: [{ path: 'page.limit', message: 'No.' }],
    retryAfter: 3,
    cause,
  });
  const { code, detail, fields, retryAfter } = inWordsOfTheApi(error);
  expect({ code, detail, fields, retryAfter }).toEqual({
    code: 'invalid_request',
    detail: 'No.',
    fields: [{ path: 'limit', message: 'No.' }],
    retryAfter: 3,
  });
  expect(inWordsOfTheApi(error).cause).toBe(cause);
});
