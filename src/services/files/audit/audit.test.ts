import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import { type CallContext, serviceContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { RecordAuditRequest } from '../../../contract/holdfast/internal/v1/account.ts';
import { FileStatus, Visibility } from '../../../contract/holdfast/v1/file.ts';
import { openTestFiles, type TestFiles } from '../testing.ts';
import { noteBackEnds } from './note-back-ends.ts';
import { AuditTrail } from './trail.ts';

const silent = pino({ level: 'silent' });

/** The audit trail of an auth service that answers as it is told to. */
function trailOf(answer: (entries: readonly RecordAuditRequest[]) => Promise<void> = async () => {}) {
  const written: RecordAuditRequest[][] = [];
  const trail = new AuditTrail(
    {
      recordAudit: () => expect.unreachable(),
      async recordAuditEntries({ entries }) {
        await answer(entries);
        written.push(entries);
        return {};
      },
    },
    silent,
  );
  return { trail, written };
}

const entry = (targetId: string): RecordAuditRequest => ({
  id: newId(),
  action: 'file.deleted',
  actorKind: 'service',
  actorId: 'client/billing',
  credentialId: '',
  targetKind: 'file',
  targetId,
  ownerId: 'alice',
});
const targets = (calls: readonly RecordAuditRequest[][]) => calls.map((call) => call.map(({ targetId }) => targetId));

describe('what other back ends do is written', () => {
  it('many entries at once, each before whoever waits for it goes on', async () => {
    const calls: PromiseWithResolvers<void>[] = [];
    const { trail, written } = trailOf(() => {
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    });
    const first = trail.note(entry('a'));
    const others = Promise.all(['b', 'c'].map((name) => trail.note(entry(name))));
    calls[0]?.resolve();
    await first;
    expect(targets(written)).toEqual([['a']]);
    await until('the next call', () => calls.length === 2);
    calls[1]?.resolve();
    await others;
    expect(targets(written)).toEqual([['a'], ['b', 'c']]);
  });

  it('later where auth is away, and nobody waits for that', async () => {
    let away = true;
    const { trail, written } = trailOf(async () => {
      if (away) throw new HoldfastError('unavailable', 'No.');
    });
    await trail.note(entry('a'));
    await trail.note(entry('b'));
    expect(written).toEqual([]);
    away = false;
    await until('the entries to be written', () => written.length > 0);
    expect(targets(written)).toEqual([['a', 'b']]);
  });

  it('at the end, as far as it can be, and never more than there is room for', async () => {
    let away = true;
    const { trail, written } = trailOf(async () => {
      if (away) throw new HoldfastError('unavailable', 'No.');
    });
    await Promise.all(Array.from({ length: 10_500 }, (_, number) => trail.note(entry(String(number)))));
    away = false;
    await trail.stop();
    expect(written.flat()).toHaveLength(10_000);
    expect(Math.max(...written.map(({ length }) => length))).toBe(500);
  });
});

describe('the audit trail tells of other back ends', () => {
  let bed: TestFiles;
  afterEach(() => bed.close());

  it('for whom they act, once, what they delete and sign, and nothing of anybody else', async () => {
    bed = await openTestFiles();
    const { trail, written } = trailOf();
    const files = noteBackEnds(bed.files, trail);
    const caller = { address: '10.1.2.3', userAgent: 'grpc-go/1.0' };
    const as = (name: string): CallContext => ({
      ...serviceContext(name, silent, 'theirs'),
      caller,
    });
    const file = { name: 'a', folder: '', contentType: '', size: 1, metadata: {}, visibility: Visibility.UNSPECIFIED };
    const begin = async (context: CallContext, ownerId: string) => {
      const { results } = await files.generateUploadURLs({ ownerId, files: [file] }, context);
      return { ownerId, fileId: results[0]?.file?.id as string };
    };
    const list = { query: '', contentType: '', status: FileStatus.UNSPECIFIED, trash: false, metadata: {} };
    const billing = as('client/billing');
    await begin(as('janitor'), 'alice');
    await begin(bed.as('bob'), 'bob');
    const whose = await begin(billing, 'alice');
    await bed.objects.put(`in/${whose.fileId}`, Buffer.from('x'));
    await files.confirmUpload({ ...whose, parts: [] }, billing);
    await files.generateDownloadURL({ ...whose, variant: '', expiresIn: 0 }, billing);
    await files.deleteFile({ ...whose, permanent: true }, billing);
    for (const ownerId of ['alice', 'dora', '', 'x'.repeat(300)]) {
      await files.listFiles({ ...list, ownerId }, billing).catch(() => {});
      await files.getFile({ ownerId, fileId: newId() }, as('client/reports')).catch(() => {});
    }
    await trail.stop();
    const entries = written.flat().map(({ action, actorId, targetId }) => [action, actorId, targetId]);
    expect(entries).toEqual([
      ['owner.acted_for', 'client/billing', 'alice'],
      ['file.url_signed', 'client/billing', whose.fileId],
      ['file.deleted', 'client/billing', whose.fileId],
      ['owner.acted_for', 'client/reports', 'alice'],
      ['owner.acted_for', 'client/billing', 'dora'],
      ['owner.acted_for', 'client/reports', 'dora'],
    ]);
    expect(written.flat()[1]).toMatchObject({
      ownerId: 'alice',
      actorKind: 'service',
      requestId: 'theirs',
      client: caller,
    });
  });
});
