import { expect, test } from 'vitest';
import { type CallContext, derived, serviceContext } from '../base/context.ts';
import { EchoDefinition, echo } from './conformance/echo.ts';
import { calledBy } from './in-process.ts';
import { SILENT } from './testing/log.ts';

test('a service that calls another in its own process speaks for itself, as it would from outside', async () => {
  const seen: CallContext[] = [];
  const service = echo(async (request, context) => {
    seen.push(context);
    return request;
  });
  const client = calledBy('files', EchoDefinition, service);
  const given = serviceContext('janitor', SILENT, 'request-1');
  const request = { same: true };
  expect(await client.ask(request, derived(given, { principal: { kind: 'user', ownerId: 'alice' } }))).toBe(request);
  await client.ask(request, given);
  expect(seen.map(({ principal, requestId }) => ({ principal, requestId }))).toEqual([
    { principal: { kind: 'service', name: 'files' }, requestId: 'request-1' },
    { principal: { kind: 'service', name: 'janitor' }, requestId: 'request-1' },
  ]);
});
