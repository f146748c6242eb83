import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backEnd } from '../test/harness/back-end.ts';
import { Certificates } from '../test/harness/certificates.ts';
import { treeOf } from '../test/harness/engines/tree.ts';
import { describeWithEngines } from '../test/harness/engines/use.ts';
import { BACK_END } from '../test/harness/members.ts';
import { isAlive } from '../test/harness/process.ts';
import { until } from '../test/harness/until.ts';

const SERVICES = ['gateway', 'auth', 'files', 'storage', 'ingest', 'processor', 'janitor', 'notifier'];

describeWithEngines(['postgres', 's3', 'nats'], 'npm run mesh', () => {
  it('starts every service, starts again what dies when asked to, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mesh-command-'));
    // PostgreSQL does not run as root: a user of its own goes through here.
    await chmod(folder, 0o755);
    const child = spawn(process.execPath, [join(import.meta.dirname, 'mesh.ts'), '--restart'], {
      env: { ...process.env, TMPDIR: folder },
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        printed += text;
      });
    }
    const exited = once(child, 'close');
    try {
      await until('ready', () => /^ready$/m.test(printed) || child.exitCode !== null, { within: 180_000 });
      expect(printed).toMatch(/^ready$/m);
      const lines = printed
        .slice(0, printed.search(/^ready$/m))
        .trim()
        .split('\n');
      const [gateway, ...processes] = lines;
      const url = /^GATEWAY_URL=(http:\/\/127\.0\.0\.1:\d+)$/.exec(gateway as string)?.[1];
      await until('the gateway to be ready', async () => (await fetch(`${url}/readyz`)).status === 200);
      for (const line of processes) expect(line).toMatch(/^\w+ \d+ (http:\/\/)?127\.0\.0\.1:\d+$/);
      expect([...new Set(processes.map((line) => line.split(' ')[0]))]).toEqual(SERVICES);
      const tree = treeOf(child.pid as number);
      const kept = await until('the folder to be named', () => /in (\/.*\/holdfast-mesh-\w+),/.exec(printed)?.[1]);
      expect(await readdir(join(kept, 'certs'))).toContain('gateway.pem');
      const back = backEnd(
        `localhost:${/^files \d+ 127\.0\.0\.1:(\d+)$/m.exec(printed)?.[1]}`,
        new Certificates(join(kept, 'certs')).of(`client/${BACK_END}`),
      );
      expect(await back.files('ListFiles', { owner_id: 'somebody' })).toMatchObject({ files: [] });
      back.close();
      const log = await readFile(join(kept, 'logs', 'files-2.log'), 'utf8');
      expect(log).toContain('listening on');

      const pid = Number(/^storage (\d+) /m.exec(printed)?.[1]);
      process.kill(pid, 'SIGKILL');
      await until(
        'it to be started again',
        () => printed.split('\n').filter((line) => line.startsWith('storage ')).length > 3,
      );
      expect(printed).toContain(`storage ${pid} ended (SIGKILL)`);

      child.kill('SIGTERM');
      expect((await exited)[0]).toBe(0);
      await until(
        'all of it to be gone',
        async () => !tree.some(isAlive) && (await readdir(folder)).every((name) => name === 'node-compile-cache'),
      );
    } finally {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });
});
