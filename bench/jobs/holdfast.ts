import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { serviceContext } from '../../src/base/context.ts';
import { newId } from '../../src/base/ids.ts';
import { TOPICS } from '../../src/base/topics.ts';
import { Visibility } from '../../src/contract/holdfast/v1/file.ts';
import { openBroker } from '../../src/drivers/broker/index.ts';
import { openDatabase } from '../../src/drivers/database/index.ts';
import { openObjects } from '../../src/drivers/objects/index.ts';
import { createFilesService, FILES_MIGRATIONS, type FilesTables } from '../../src/services/files/index.ts';
import { createStorageService } from '../../src/services/storage/index.ts';
import { type JobSystem, Tally } from './job-system.ts';

const log = pino({ level: 'silent' });
const CONCURRENCY = 32;
const JOB = { type: 'nothing', processor: 'nothing', options: {} };
const SETTINGS = {
  maxFileSize: 2 ** 40,
  allowedTypes: [],
  userQuota: undefined,
  userMaxFiles: undefined,
  uploadExpiry: 3_600_000,
  trashRetention: 3_600_000,
  maxRetries: 0,
  jobLease: 30_000,
};

/**
 * The files service with all of its loops, on a database and a broker: each job is begun by an upload (begin and finish,
 * no bytes), comes as news, is claimed, and is completed with a variant that nobody made.
 */
export async function holdfastJobs(databaseUrl: string, brokerUrl: string): Promise<JobSystem> {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const database = await openDatabase(databaseUrl, { dataDir, log });
  const db = database.view<FilesTables>();
  await db.migrate('files', FILES_MIGRATIONS);
  const broker = await openBroker(brokerUrl, { log });
  const objects = await openObjects('file:', {
    dataDir,
    signingKey: Buffer.alloc(32, 1),
    publicUrl: () => 'http://127.0.0.1',
    log,
  });
  const files = createFilesService({
    db,
    broker,
    storage: createStorageService({ objects, log }),
    catalog: { presetsFor: () => [JOB], plan: () => JOB },
    settings: SETTINGS,
    confirmKey: Buffer.alloc(32, 2),
    log,
  });
  const loops = files.start();
  const context = serviceContext('bench', log, newId());
  const tally = new Tally();

  const upload = async (index: number) => {
    // As with real users, not all of it belongs to one.
    const ownerId = `owner ${index % CONCURRENCY}`;
    const file = { name: 'nothing.bin', folder: '', contentType: 'application/octet-stream', size: 1 };
    const begun = await files.uploads.beginUpload(
      { ownerId, file: { ...file, metadata: {}, visibility: Visibility.PRIVATE }, sizeUnknown: false, part: 0 },
      context,
    );
    await files.uploads.finishUpload({ ownerId, fileId: begun.fileId, size: 1, sha256: '0'.repeat(64) }, context);
  };

  const work = async (fileId: string) => {
    const { jobs, leaseToken } = await files.work.claimJobs({ fileId }, context);
    if (jobs.length === 0) return;
    const variant = { contentType: 'text/plain', size: 1, width: 1, height: 1, sha256: '0'.repeat(64) };
    const outcomes = jobs.map(({ id, keyStem }) => ({ jobId: id, variant: { ...variant, key: `${keyStem}.txt` } }));
    await files.work.completeJobs({ fileId, leaseToken, outcomes }, context);
    tally.ended();
  };

  const consumer = await broker.consume(TOPICS.work, { group: 'bench', concurrency: CONCURRENCY }, async ({ fileId }) =>
    work(String(fileId)),
  );
  return {
    round: (round) => tally.round(round, upload),
    async close() {
      await consumer.stop();
      await loops.stop();
      await broker.close();
      await objects.close();
      await database.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
