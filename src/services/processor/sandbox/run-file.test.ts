import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixture } from '../../../../test/harness/fixtures.ts';
import { runFile } from './run-file.ts';
import { job } from './testing.ts';

let folder: string;
let damaged: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-run-file-'));
  damaged = join(folder, 'damaged');
  await writeFile(damaged, await fixture('truncated.jpg'));
});
afterAll(() => rm(folder, { recursive: true }));

test('what cannot be decoded is tried once, and fails every job that needs it', async () => {
  let decoded = 0;
  const counting = ((...given: Parameters<typeof sharp>) => {
    const pipeline = sharp(...given);
    const toBuffer = pipeline.toBuffer.bind(pipeline) as (...options: unknown[]) => unknown;
    return Object.assign(pipeline, {
      toBuffer: (...options: unknown[]) => {
        decoded += 1;
        return toBuffer(...options);
      },
    });
  }) as unknown as typeof sharp;
  const failed: string[] = [];
  const jobs = [job('thumbnail'), job('resize'), job('webp')];
  await runFile(
    counting,
    { path: damaged, jobs, limits: { maxPixels: 1e8, maxRasterBytes: 1e8 } },
    { started: () => {}, made: () => {}, failed: (index, { code }) => failed.push(`${index} ${code}`) },
  );
  expect(failed).toEqual(['0 corrupt_input', '1 corrupt_input', '2 corrupt_input']);
  expect(decoded).toBe(1);
});

test('a processor that is gone fails its job alone', async () => {
  const failed: string[] = [];
  const gone = { id: 'gone', processor: 'sepia', options: {} };
  await runFile(
    sharp,
    { path: damaged, jobs: [gone, job('thumbnail')], limits: { maxPixels: 1e8, maxRasterBytes: 1e8 } },
    { started: () => {}, made: () => {}, failed: (index, { code }) => failed.push(`${index} ${code}`) },
  );
  expect(failed.sort()).toEqual(['0 not_processable', '1 corrupt_input']);
});
