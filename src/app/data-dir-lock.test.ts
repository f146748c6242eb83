import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataDirLocked, lockDataDir } from './data-dir-lock.ts';

let dataDir: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-lock-'));
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await rm(dataDir, { recursive: true, force: true });
});

/** Takes the lock in a process of its own, and resolves with what came of it. */
async function lockElsewhere(): Promise<{ child: ChildProcess; said: string }> {
  const script = `
    const { lockDataDir } = await import(${JSON.stringify(new URL('./data-dir-lock.ts', import.meta.url).href)});
    try {
      const lock = await lockDataDir(process.argv[1]);
      await lock.tell({ pid: process.pid, command: 'serve', startedAt: 'now', control: '/there' });
      console.log('locked');
      process.stdin.on('end', () => { lock.release(); process.exit(0); }).resume();
    } catch (error) {
      console.log(error.name);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  const [said] = await once(createInterface(child.stdout), 'line');
  return { child, said };
}

test('one at a time has the data directory, and the others hear who', async () => {
  const { child, said } = await lockElsewhere();
  expect(said).toBe('locked');
  const refused = await lockDataDir(dataDir).catch((error) => error);
  expect(refused).toBeInstanceOf(DataDirLocked);
  expect(refused.holder).toMatchObject({ pid: child.pid, control: '/there' });
  expect(refused.message).toContain(`process ${child.pid}`);
  expect((await lockElsewhere()).said).toBe('DataDirLocked');
});

test('a process that was killed does not keep it, and what it told is forgotten', async () => {
  const { child } = await lockElsewhere();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await lockDataDir(dataDir);
  expect(await readdir(dataDir)).toEqual(['lock']);
  lock.release();
});

test('a second of the same process is refused too', async () => {
  const lock = await lockDataDir(dataDir);
  await expect(lockDataDir(dataDir)).rejects.toBeInstanceOf(DataDirLocked);
  lock.release();
  (await lockDataDir(dataDir)).release();
});

test('being refused does not loosen the lock', async () => {
  const lock = await lockDataDir(dataDir);
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(lockDataDir(dataDir)).rejects.toBeInstanceOf(DataDirLocked);
  }
  expect((await lockElsewhere()).said).toBe('DataDirLocked');
  lock.release();
});

test('released, it is free for others, and releasing twice is harmless', async () => {
  const { child } = await lockElsewhere();
  child.stdin?.end();
  await once(child, 'exit');
  const lock = await lockDataDir(dataDir);
  await lock.tell({ pid: process.pid, command: 'sweep', startedAt: 'now' });
  lock.release();
  lock.release();
  expect(await readdir(dataDir)).toEqual(['lock']);
  expect((await lockElsewhere()).said).toBe('locked');
});
