import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TemporaryFiles } from './temporary.ts';

const log = pino({ level: 'silent' });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-temporary-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('two runs share a folder, and each takes its own files away with it', async () => {
  const [one, other] = [await TemporaryFiles.open(folder, log), await TemporaryFiles.open(folder, log)];
  for (const run of [one, other]) await writeFile(run.path(), 'unfinished');
  expect(new Set([one.path(), one.path(), other.path(), other.path()]).size).toBe(4);
  await one.close();
  expect(await readdir(folder)).toHaveLength(1);
  await writeFile(other.path(), 'still there');
  await other.close();
  expect(await readdir(folder)).toEqual([]);
});

test('takes away what a process that is dead left, and leaves what one elsewhere may still need', async () => {
  const probe = await TemporaryFiles.open(folder, log);
  const [name = ''] = await readdir(folder);
  await probe.close();
  const [here] = name.split('-');
  const ended = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(ended, 'exit');
  const living = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  try {
    const runs = {
      dead: `${here}-${ended.pid}-aa`,
      numbered: `${here}-${process.pid}-aa`,
      alive: `${here}-${living.pid}-aa`,
      elsewhere: `0123456789ab-${ended.pid}-aa`,
      silent: `0123456789ab-${ended.pid}-bb`,
      foreign: 'lost+found',
    };
    for (const run of Object.values(runs)) {
      await mkdir(join(folder, run));
      await writeFile(join(folder, run, '1'), 'unfinished');
    }
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(folder, runs.silent), anHourAgo, anHourAgo);
    const files = await TemporaryFiles.open(folder, log);
    const left = await readdir(folder);
    await files.close();
    expect(left).toEqual(expect.arrayContaining([runs.alive, runs.elsewhere, runs.foreign]));
    expect(left).toHaveLength(4);
  } finally {
    living.kill('SIGKILL');
  }
});
