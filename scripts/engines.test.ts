import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { treeOf } from '../test/harness/engines/tree.ts';
import { describeWithEngines } from '../test/harness/engines/use.ts';
import { isAlive } from '../test/harness/process.ts';
import { until } from '../test/harness/until.ts';

let folder: string;
const started = new Set<ChildProcess>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engines-command-'));
});

afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
  await rm(folder, { recursive: true, force: true });
});

function run(args: readonly string[], { through = [], env = {} }: { through?: string[]; env?: object } = {}) {
  const script = join(import.meta.dirname, 'engines.ts');
  const child = spawn(process.execPath, [...through, script, ...args], {
    env: { ...process.env, TMPDIR: folder, ...env },
  });
  started.add(child);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (text) => {
      printed[name] += text;
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number);
  const ready = () => until('ready', () => /^ready$/m.test(printed.stdout), { within: 180_000 });
  return { child, printed, exited, ready };
}

/** All that it started but the keeper of its process, and nothing of it on the disk. */
const allGone = (tree: readonly number[]) =>
  until(
    'all processes and folders to be gone',
    async () => !tree.some(isAlive) && (await readdir(folder)).length === 0,
  );

describeWithEngines(
  ['redis', 'nats'],
  'npm run engines',
  () => {
    it('prints a line each, then ready, and leaves nothing behind when it is ended', async () => {
      const { child, printed, exited, ready } = run(['--only', 'redis,nats']);
      await ready();
      const lines = printed.stdout.trim().split('\n');
      expect(lines).toEqual([
        expect.stringMatching(/^REDIS_URL=redis:\/\/:holdfast@127\.0\.0\.1:\d+$/),
        expect.stringMatching(/^NATS_URL=nats:\/\/holdfast:holdfast@127\.0\.0\.1:\d+$/),
        'ready',
      ]);
      const tree = treeOf(child.pid as number);
      expect(tree.length).toBeGreaterThanOrEqual(3);
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
      await allGone(tree);
    });

    it('leaves nothing behind when it is killed', async () => {
      const { child, ready } = run(['--only', 'redis,nats']);
      await ready();
      const tree = treeOf(child.pid as number);
      child.kill('SIGKILL');
      await allGone(tree);
    });

    it('ends when the npm above its launcher is killed', async () => {
      // As npm does: it starts a process that starts us.
      const starts = (inner: string) =>
        `import { spawn } from 'node:child_process'; const [script, ...args] = process.argv.slice(1);` +
        `spawn(process.execPath, [${inner} script, ...args], { stdio: 'inherit' }).on('close', () => process.exit());`;
      const launcher = starts('');
      const npm = starts(`'--input-type=module', '-e', ${JSON.stringify(launcher)},`);
      const { child, ready } = run(['--only', 'redis'], {
        through: ['--input-type=module', '-e', npm],
        env: { npm_lifecycle_event: 'engines' },
      });
      await ready();
      const tree = treeOf(child.pid as number);
      expect(tree.length).toBeGreaterThanOrEqual(4);
      process.kill(child.pid as number, 'SIGKILL');
      await allGone(tree);
    });
  },
  { own: true },
);

it('says which engine is missing, and what to do', async () => {
  const { printed, exited } = run(['--only', 'redis'], { env: { TEST_ENGINES_PATH: folder } });
  expect(await exited).toBe(3);
  expect(printed.stderr).toBe('Not here: redis (no redis-server found; run npm run engines -- --install)\n');
  expect(printed.stdout).toBe('');
});

it('says what it does when asked', async () => {
  const { printed, exited } = run(['--help']);
  expect(await exited).toBe(0);
  expect(printed.stdout).toMatch(/--only postgres,mysql,s3,redis,nats,rabbitmq\n.*--install/);
});

it('knows only engines that there are', async () => {
  const { printed, exited } = run(['--only', 'redis,oracle']);
  expect(await exited).toBe(2);
  expect(printed.stderr).toMatch(/there is no oracle; known are postgres, mysql/);
});
