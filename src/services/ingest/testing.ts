import { Readable } from 'node:stream';
import Fastify from 'fastify';
import { pino } from 'pino';
import type { SignedRequest } from '../../contract/holdfast/v1/common.ts';
import { Visibility } from '../../contract/holdfast/v1/file.ts';
import { openTestFiles, type TestFiles } from '../files/testing.ts';
import { createIngest, type IngestDeps } from './index.ts';

export const SECRET = 'a secret of the webhook';
export const PLACE = { bucket: 'files', root: 'some/prefix/data/' };

/** What a store says of an object that was put under a key of ours. */
export const created = (key: string, eventName = 's3:ObjectCreated:Put') => ({
  eventVersion: '2.0',
  eventSource: 'minio:s3',
  eventName,
  s3: {
    bucket: { name: PLACE.bucket, arn: `arn:aws:s3:::${PLACE.bucket}` },
    object: { key: encodeURIComponent(PLACE.root + key), size: 3, sequencer: '17F0' },
  },
});

export const notification = (...keys: string[]) => ({ Records: keys.map((key) => created(key)) });

/** Files as they are, and ingest before them. */
export async function openTestIngest(
  deps: Partial<Omit<IngestDeps, 'uploads'>> & {
    /** Stands between ingest and files. */
    readonly confirm?: (real: IngestDeps['uploads']['confirmArrival']) => IngestDeps['uploads']['confirmArrival'];
    readonly files?: TestFiles;
  } = {},
) {
  const { confirm = (real) => real, files = await openTestFiles(), ...rest } = deps;
  const lines: { readonly level: number; readonly msg: string }[] = [];
  const ingest = createIngest(
    {
      uploads: { confirmArrival: confirm(files.uploads.confirmArrival) },
      place: PLACE,
      sources: [],
      secret: SECRET,
      log: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
      ...rest,
    },
    { message: 2_000, webhook: 1_000 },
  );
  const app = Fastify();
  let requests = 0;
  app.addHook('onResponse', async () => {
    requests += 1;
  });
  if (ingest.webhook) app.register(ingest.webhook);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    ingest,
    files,
    lines,
    url,
    /** Requests that were answered. */
    told: () => requests,
    /** An upload whose bytes are expected. */
    async begin(size = 3): Promise<{ fileId: string; key: string; signed: SignedRequest }> {
      const declared = { name: 'a.txt', folder: '', contentType: 'text/plain', size, metadata: {} };
      const { results } = await files.files.generateUploadURLs(
        { ownerId: '', files: [{ ...declared, visibility: Visibility.UNSPECIFIED }] },
        files.as('ada'),
      );
      const fileId = results[0]?.file?.id as string;
      return { fileId, key: `in/${fileId}`, signed: results[0]?.upload?.request as SignedRequest };
    },
    put: (key: string, text = 'abc') => files.objects.put(key, Readable.from([Buffer.from(text)])),
    statusOf: async (fileId: string) =>
      (await files.files.getFile({ ownerId: '', fileId }, files.as('ada'))).file?.status,
    async close() {
      await app.close();
      await files.close();
    },
  };
}

export type TestIngest = Awaited<ReturnType<typeof openTestIngest>>;
