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

/** What names this machine at the beginning of a run's name. */
async function here(): Promise<string> {
  const probe = await TemporaryFiles.open(folder, log);
  const [name = ''] = await readdir(folder);
  await probe.close();
  return name.split('-')[0] as string;
}

async function leave(runs: readonly string[]): Promise<void> {
  const anHourAgo = new Date(Date.now() - 3_600_000);
  for (const run of runs) {
    await mkdir(join(folder, run));
    await writeFile(join(folder, run, '1'), 'unfinished');
    await utimes(join(folder, run), anHourAgo, anHourAgo);
  }
}

test('takes away at once what a process of this machine left that is dead, and nothing else, however old it is', async () => {
  const machine = await here();
  const ended = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(ended, 'exit');
  const living = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  try {
    const kept = [`${machine}-${living.pid}-aa`, `0123456789ab-${ended.pid}-aa`, 'lost+found'];
    await leave([`${machine}-${ended.pid}-aa`, `${machine}-${process.pid}-aa`, ...kept]);
    const files = await TemporaryFiles.open(folder, log);
    const left = await readdir(folder);
    await files.close();
    expect(left).toEqual(expect.arrayContaining(kept));
    expect(left).toHaveLength(kept.length + 1);
  } finally {
    living.kill('SIGKILL');
  }
});

test('takes away what a run elsewhere left once it has been silent for long, and never that of a process that lives', async () => {
  const living = `${await here()}-${process.ppid}-aa`;
  await leave([living, '0123456789ab-1-aa', 'lost+found']);
  const files = await TemporaryFiles.open(folder, log, 1);
  await expect.poll(async () => (await readdir(folder)).includes('0123456789ab-1-aa')).toBe(false);
  expect(await readdir(folder)).toEqual(expect.arrayContaining([living, 'lost+found']));
  await files.close();
});

test('a run that was taken for dead goes on', async () => {
  const files = await TemporaryFiles.open(folder, log);
  await rm(join(files.path(), '..'), { recursive: true });
  await writeFile(files.path(), 'unfinished');
  await files.close();

  const quiet = await TemporaryFiles.open(folder, log, 1);
  await rm(join(quiet.path(), '..'), { recursive: true });
  await expect.poll(() => readdir(folder)).toHaveLength(1);
  await quiet.close();
});
