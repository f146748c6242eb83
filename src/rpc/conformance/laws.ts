import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ANONYMOUS,
  type CallContext,
  derived,
  type Principal,
  serviceContext,
  withTimeout,
} from '../../base/context.ts';
import { ERRORS, type ErrorCode, HoldfastError } from '../../base/errors.ts';
import { createLogger } from '../../base/logger.ts';
import { MESSAGE_LIMIT } from '../limits.ts';
import { type EchoService, echo } from './echo.ts';

/** A way to call a contract: hands out the service as its callers see it. */
export interface Way {
  readonly name: string;
  open(service: EchoService): Promise<{ readonly client: EchoService; close(): Promise<void> }>;
}

/** What holds of every call, whichever way it goes. */
export function callsObeyTheLaws(way: Way): void {
  describe(`calls ${way.name}`, () => {
    /** What the service does, by test. */
    let behave: EchoService['ask'] = async (request) => request;
    let opened: Awaited<ReturnType<Way['open']>>;
    let context: CallContext;
    beforeAll(async () => {
      const log = await createLogger({ level: 'silent', pretty: false });
      context = derived(serviceContext('gateway', log, 'request-1'), { principal: ANONYMOUS });
      opened = await way.open(echo((request, context) => behave(request, context)));
    });
    afterAll(() => opened.close());
    const ask = (request: { [key: string]: unknown } = {}, given = context) => opened.client.ask(request, given);

    test('carry requests and answers as they are', async () => {
      // The generated code takes no key of this name, so that nobody's prototype is changed.
      const harmless = (request: unknown) => !JSON.stringify(request).includes('__proto__');
      await fc.assert(
        fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()).filter(harmless), async (request) => {
          let seen: unknown;
          behave = async (given) => {
            seen = given;
            return { request: given };
          };
          const wellFormed = JSON.parse(JSON.stringify(request).toWellFormed());
          const answer = await ask(wellFormed);
          expect(seen).toEqual(wellFormed);
          expect(answer).toEqual({ request: wellFormed });
        }),
        { numRuns: 30 },
      );
    });

    test('share no object with the caller', async () => {
      const request = { list: [1] };
      const answer = { list: [2] };
      behave = async (given) => {
        (given as typeof request).list.push(3);
        return answer;
      };
      const heard = (await ask(request)) as typeof answer;
      heard.list.push(4);
      expect([request, answer]).toEqual([{ list: [1] }, { list: [2] }]);
    });

    test.each(Object.keys(ERRORS) as ErrorCode[])('say %s with all that belongs to it', async (code) => {
      const fields = [{ path: 'metadata.farbe', message: 'Zu lang: höchstens 10 Zeichen 🦀.' }];
      behave = async () => {
        throw new HoldfastError(code, 'Das ging nicht: 100 % “schief” 🦀.', { fields, retryAfter: 100.25 });
      };
      const error = await ask().catch((error) => error);
      expect(error).toBeInstanceOf(HoldfastError);
      expect({ ...error }).toMatchObject({
        code,
        detail: 'Das ging nicht: 100 % “schief” 🦀.',
        fields,
        retryAfter: 100.25,
      });
    });

    test('say no more than there is to say', async () => {
      behave = async () => {
        throw new HoldfastError('not_found', 'There is no such file.');
      };
      const error = await ask().catch((error) => error);
      expect({ ...error, cause: undefined }).toEqual({
        ...new HoldfastError('not_found', 'There is no such file.'),
        cause: undefined,
      });
    });

    test.each<[string, () => unknown, ErrorCode]>([
      ['an error of any kind', () => new TypeError('secret /etc/path'), 'internal'],
      ['a thrown nothing', () => undefined, 'internal'],
      ['half a character', () => new HoldfastError('conflict', 'x\ud800y'), 'conflict'],
      ['a full disk', () => Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }), 'storage_full'],
    ])('answer %s', async (_, thrown, code) => {
      behave = async () => {
        throw thrown();
      };
      const error = await ask().catch((error) => error);
      expect(error.code).toBe(code);
      expect(error.detail).not.toContain('secret');
    });

    test('answer what is thrown before anything was awaited', async () => {
      behave = () => {
        throw new HoldfastError('gone', 'It is gone.');
      };
      await expect(ask()).rejects.toMatchObject({ code: 'gone' });
    });

    test.each<Principal>([
      ANONYMOUS,
      { kind: 'user', ownerId: 'alice' },
      { kind: 'user', ownerId: 'Ümläut / 100 % 🦀\n' },
      { kind: 'user', ownerId: '🦀'.repeat(127) },
      { kind: 'service', name: 'gateway' },
    ])('carry the principal %j', async (principal) => {
      let seen: Principal | undefined;
      behave = async (_, { principal }) => {
        seen = principal;
        return {};
      };
      await ask({}, derived(context, { principal }));
      expect(seen).toEqual(principal);
    });

    test('carry the request id and the trace', async () => {
      const seen: Pick<CallContext, 'requestId' | 'trace'>[] = [];
      behave = async (_, { requestId, trace }) => {
        seen.push({ requestId, ...(trace && { trace }) });
        return {};
      };
      const trace = { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`, tracestate: 'vendor=1' };
      await ask({}, derived(context, { requestId: 'of-the-caller', trace }));
      await ask();
      expect(seen).toEqual([{ requestId: 'of-the-caller', trace }, { requestId: 'request-1' }]);
    });

    test('carry the deadline', async () => {
      let seen: number | undefined;
      behave = async (_, { deadline }) => {
        seen = deadline;
        return {};
      };
      const given = withTimeout(context, 600_000);
      await ask({}, given);
      // What it takes to get there is added where only what is left goes over the wire.
      expect(Math.abs((seen as number) - (given.deadline as number))).toBeLessThan(60_000);
    });

    test('end at the deadline, for both sides', async () => {
      const { promise: ended, resolve } = Promise.withResolvers<unknown>();
      behave = async (_, { signal }) => {
        signal.addEventListener('abort', () => resolve(signal.reason.name));
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return {};
      };
      await expect(ask({}, withTimeout(context, 50))).rejects.toMatchObject({ code: 'deadline_exceeded' });
      expect(await ended).toBe('TimeoutError');
    });

    test('end for the caller at the deadline, whatever the service does', async () => {
      const { promise: forever, resolve } = Promise.withResolvers<object>();
      behave = () => forever as ReturnType<typeof behave>;
      await expect(ask({}, withTimeout(context, 50))).rejects.toMatchObject({ code: 'deadline_exceeded' });
      resolve({});
    });

    test('end when the caller is gone, for both sides', async () => {
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
      const { promise: ended, resolve: end } = Promise.withResolvers<unknown>();
      behave = async (_, { signal }) => {
        signal.addEventListener('abort', () => end(signal.reason.name));
        begin();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return {};
      };
      const caller = new AbortController();
      const call = ask({}, derived(context, { signal: caller.signal }));
      await begun;
      caller.abort();
      await expect(call).rejects.toMatchObject({ code: 'cancelled' });
      expect(await ended).toBe('AbortError');
    });

    test('are not made for a caller who is gone already, or whose time is up', async () => {
      let made = 0;
      behave = async () => {
        made += 1;
        return {};
      };
      await expect(ask({}, derived(context, { signal: AbortSignal.abort() }))).rejects.toMatchObject({
        code: 'cancelled',
      });
      await expect(ask({}, derived(context, { deadline: Date.now() - 1 }))).rejects.toMatchObject({
        code: 'deadline_exceeded',
      });
      expect(made).toBe(0);
    });

    test('leave the signal alone once they are answered', async () => {
      let aborted = false;
      behave = async (_, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return {};
      };
      await ask();
      behave = async () => ({});
      await ask();
      expect(aborted).toBe(false);
    });

    test('go on beside each other', async () => {
      const waiting: (() => void)[] = [];
      behave = async (request) => {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === 50) for (const go of waiting.reverse()) go();
        });
        return request;
      };
      const numbers = Array.from({ length: 50 }, (_, number) => number);
      expect(await Promise.all(numbers.map((number) => ask({ number })))).toEqual(
        numbers.map((number) => ({ number })),
      );
    });

    test('refuse what is larger than a message may be', async () => {
      const text = 'x'.repeat(MESSAGE_LIMIT);
      let made = 0;
      behave = async () => {
        made += 1;
        return { text };
      };
      const limit = expect.stringContaining('at most 4.0 MiB');
      await expect(ask({ text })).rejects.toMatchObject({ code: 'too_large', detail: limit });
      expect(made).toBe(0);
      await expect(ask()).rejects.toMatchObject({ code: 'too_large', detail: limit });
      expect(made).toBe(1);
    });
  });
}
