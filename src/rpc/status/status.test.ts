import { Metadata, status as Status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode, HoldfastError } from '../../base/errors.ts';
import { decodeDetails, encodeDetails } from './details.ts';
import { CALL_ERRORS, fromStatus, toStatus } from './status.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('details', () => {
  test('are read as they were written', () => {
    const details = fc.record({
      domain: text,
      reason: text,
      fields: fc.array(fc.record({ path: text, message: text })),
      retryAfter: fc.option(
        fc.integer({ min: 0, max: 1e9 }).map((milliseconds) => milliseconds / 1000),
        {
          nil: undefined,
        },
      ),
    });
    fc.assert(
      fc.property(details, text, (given, message) => {
        const read = decodeDetails(encodeDetails(3, message, given));
        expect(read).toEqual({ ...given, retryAfter: given.retryAfter && expect.closeTo(given.retryAfter, 6) });
      }),
    );
  });

  test('that are none are none', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const read = decodeDetails(bytes);
        expect(read === undefined || typeof read.reason === 'string').toBe(true);
      }),
    );
    expect(decodeDetails(new Uint8Array())).toBeUndefined();
  });
});

describe('a status', () => {
  const bare = (code: Status) => ({ code, details: '/etc/secret: select *', metadata: new Metadata() });

  test('is the one of the table', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      expect(toStatus(new HoldfastError(code, 'x')).code).toBe(ERRORS[code].grpc);
    }
  });

  test('stays small, however much there is to say', () => {
    const fields = Array.from({ length: 1_000 }, () => ({ path: 'x'.repeat(5_000), message: 'ß'.repeat(5_000) }));
    const { metadata, details } = toStatus(new HoldfastError('invalid_request', 'y'.repeat(1e6), { fields }));
    expect(details.length).toBe(1_000);
    expect((metadata.get('grpc-status-details-bin')[0] as Buffer).length).toBeLessThan(80_000);
  });

  test('of another kind of server has words of ours, and its own for the log alone', () => {
    for (const code of Object.values(Status).filter(
      (value): value is Status => typeof value === 'number' && value > 0,
    )) {
      const error = fromStatus(bare(code), '/x/Y');
      expect(error.detail).toMatch(/^[A-Z].*\.$/);
      expect(error.detail).not.toContain('secret');
      expect(String(error.cause)).toContain('/etc/secret');
    }
    expect(fromStatus(bare(Status.UNAVAILABLE), '/x/Y').code).toBe('unavailable');
    expect(fromStatus(bare(Status.UNIMPLEMENTED), '/x/Y').code).toBe('unimplemented');
    expect(fromStatus(bare(Status.DATA_LOSS), '/x/Y').code).toBe('internal');
    expect(fromStatus(bare(77 as Status), '/x/Y').code).toBe('internal');
  });

  test('with a reason that is not known yet keeps its meaning and its words', () => {
    const given = toStatus(new HoldfastError('conflict', 'Words of a newer version.'));
    given.metadata.set(
      'grpc-status-details-bin',
      encodeDetails(10, '', {
        domain: 'holdfast',
        reason: 'SOMETHING_NEW',
        fields: [],
        retryAfter: 3,
      }),
    );
    expect(fromStatus(given, '/x/Y')).toMatchObject({
      code: 'conflict',
      detail: 'Words of a newer version.',
      retryAfter: 3,
    });
  });

  test('that says who we are not is our own fault, not that of whoever asked us', () => {
    for (const code of ['unauthenticated', 'forbidden', 'invalid_request'] as const) {
      const error = fromStatus(toStatus(new HoldfastError(code, 'files may not.'), CALL_ERRORS), '/x/Y');
      expect(error).toMatchObject({ code: 'internal', detail: expect.not.stringContaining('files') });
      expect(String(error.cause)).toContain('files may not.');
    }
    const busy = new HoldfastError('unavailable', 'Too much to do.', { retryAfter: 1 });
    expect(fromStatus(toStatus(busy, CALL_ERRORS), '/x/Y')).toMatchObject({ code: 'unavailable', retryAfter: 1 });
  });
});
