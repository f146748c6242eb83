import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { cephSettings } from './ceph.ts';
import type { EngineKind, Ground } from './engine.ts';
import { missingPrograms, required } from './find.ts';
import { freshName } from './names.ts';
import { emptyPlace, onStore } from './s3-client.ts';

const PROGRAMS = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'monmaptool', 'osdmaptool'];
const KEY = 'testkey';
const SECRET = 'testsecret';

/** The S3 gateway of Ceph over one monitor and one store in memory. */
export const s3: EngineKind = {
  name: 's3',
  variable: 'TEST_S3_URL',
  packages: ['radosgw', 'ceph-mon', 'ceph-osd'],
  missing: () => missingPrograms(...PROGRAMS),
  recipe: (ground) => {
    const { folder, host, port, args } = ground;
    const config = ['-c', join(folder, 'ceph.conf')];
    const gateway = [...config, '-n', 'client.rgw'];
    const server = urlOf('holdfast', `http://${host}:${port('s3')}`);
    const account = ['--uid', 'holdfast', '--display-name', 'holdfast', '--access-key', KEY, '--secret-key', SECRET];
    return {
      url: server,
      async prepare(run) {
        await layOut(ground);
        await initialize(ground, (command, more) => run(required(command), more));
      },
      daemons: [
        { command: required('ceph-mon'), args: [...config, '-i', 'a', '-f'], survives: true },
        { command: required('ceph-osd'), args: [...config, '-i', '0', '-f'], survives: true },
        {
          command: required('radosgw'),
          args: [...gateway, '-f', ...args],
          before: (run) => run(required('radosgw-admin'), [...gateway, 'user', 'create', ...account]),
        },
      ],
      // Its own bucket is there from the start, for those who need only one.
      answers: () =>
        onStore(server, async (client) => {
          const { Buckets = [] } = await client.send(new ListBucketsCommand());
          if (Buckets.length === 0) await client.send(new CreateBucketCommand({ Bucket: 'holdfast' }));
        }),
      async place() {
        const bucket = freshName();
        await onStore(server, (client) => client.send(new CreateBucketCommand({ Bucket: bucket })));
        const url = urlOf(bucket, `http://${host}:${port('s3')}`);
        return { url, stop: () => emptyPlace(url) };
      },
    };
  },
  /** A prefix in the bucket of a server that is given. */
  async place(url) {
    const own = new URL(url);
    own.pathname = `${own.pathname.replace(/\/$/, '')}/${freshName()}`;
    return { url: own.href, stop: () => emptyPlace(own.href) };
  },
};

/** One parameter alone, so that a shell takes the URL as it is: a second would come after an ampersand. */
const urlOf = (bucket: string, endpoint: string) =>
  `s3://${KEY}:${SECRET}@${bucket}?endpoint=${encodeURIComponent(endpoint)}`;

async function layOut(ground: Ground): Promise<void> {
  const { folder } = ground;
  for (const name of ['mon', 'osd', 'log']) await mkdir(join(folder, name));
  const lines = Object.entries(cephSettings(ground)).map(([name, value]) => `${name} = ${value}\n`);
  await writeFile(join(folder, 'ceph.conf'), `[global]\n${lines.join('')}`);
}

async function initialize(ground: Ground, run: (command: string, args: string[]) => Promise<void>): Promise<void> {
  const { folder, host, port } = ground;
  const cluster = randomUUID();
  const [monitors, stores] = [join(folder, 'monmap'), join(folder, 'osdmap')];
  const config = ['-c', join(folder, 'ceph.conf'), '--fsid', cluster];
  await run('monmaptool', [
    '--create',
    '--fsid',
    cluster,
    '--addv',
    'a',
    `[v2:${host}:${port('monitor')}/0]`,
    monitors,
  ]);
  await run('osdmaptool', [...config, '--createsimple', '1', '--mark-out', '0', stores]);
  await run('ceph-mon', [...config, '-i', 'a', '--mkfs', '--monmap', monitors, '--osdmap', stores]);
  await run('ceph-osd', [...config, '-i', '0', '--mkfs', '--no-mon-config', '--osd-uuid', randomUUID()]);
}
