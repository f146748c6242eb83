import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Answer, type CallOptions, call } from '../../../../test/harness/http.ts';
import { openBroker } from '../../../drivers/broker/index.ts';
import { openDatabase } from '../../../drivers/database/index.ts';
import { openObjects } from '../../../drivers/objects/index.ts';
import { createFilesService, FILES_MIGRATIONS, type FilesTables } from '../../files/index.ts';
import { createStorageService } from '../../storage/index.ts';
import type { GatewayDeps } from '../deps.ts';
import { createGateway } from '../index.ts';
import { NO_LIMITS } from '../rate-limits/limits.ts';
import { identityOf } from '../testing.ts';

interface Settings {
  readonly maxFileSize?: number;
  readonly allowedTypes?: readonly string[];
  readonly userQuota?: number;
  readonly trustProxy?: readonly string[];
}
type Replaceable = Pick<GatewayDeps, 'uploads' | 'objects'>;

/**
 * A gateway on loopback before a real files service, database and disk store. The access token of a user is the
 * user's id. `replace` puts something else in the place of what it is given, for failures that cannot be provoked.
 */
export async function startTestGateway(
  { maxFileSize = 8 * 1024 ** 2, allowedTypes = [], userQuota, trustProxy = [] }: Settings = {},
  replace: (deps: Replaceable) => Partial<Replaceable> = () => ({}),
) {
  const log = pino({ level: 'silent' });
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-gateway-'));
  const server = await openDatabase('sqlite:', { dataDir, log });
  const db = server.view<FilesTables>();
  await db.migrate('files', FILES_MIGRATIONS);
  let url = '';
  const signingKey = Buffer.alloc(32, 1);
  const objects = await openObjects('file:', { dataDir, signingKey, publicUrl: () => url, log });
  const broker = await openBroker('local:', { log });
  const { files, uploads } = createFilesService({
    db,
    storage: createStorageService({ objects, log }),
    broker,
    catalog: {
      presetsFor: (type) => (type === 'image/png' ? [{ type: 'thumbnail', processor: 'thumbnail', options: {} }] : []),
      plan: (processor, options) => ({ type: processor, processor, options }),
    },
    settings: {
      maxFileSize,
      allowedTypes,
      userQuota,
      userMaxFiles: undefined,
      uploadExpiry: 3_600_000,
      trashRetention: 3_600_000,
      maxRetries: 2,
      jobLease: 60_000,
    },
    confirmKey: Buffer.alloc(32, 2),
    log,
  });
  const authenticate = async ({ token }: { token: string }) => identityOf(token);
  const gateway = createGateway({
    auth: { authenticate } as unknown as GatewayDeps['auth'],
    admin: {} as GatewayDeps['admin'],
    audit: {} as GatewayDeps['audit'],
    rateLimits: {} as GatewayDeps['rateLimits'],
    files,
    fileAdmin: {} as GatewayDeps['fileAdmin'],
    uploads,
    objects,
    ...replace({ uploads, objects }),
    probes: {},
    settings: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: undefined,
      trustProxy,
      corsOrigins: [],
      signInOrigins: [],
      maxFileSize,
      allowedTypes,
      rateLimits: NO_LIMITS,
      version: '0.0.0',
    },
    log,
  });
  ({ url } = await gateway.listen());

  return {
    url,
    db,
    objects,
    uploads,
    call: (method: string, path: string, { headers, ...options }: CallOptions = {}): Promise<Answer> =>
      call(method, path.startsWith('/') ? url + path : path, {
        ...options,
        headers: { ...(path.startsWith('/') && { authorization: 'Bearer ada' }), ...headers },
      }),
    /** What there is of a user's files: those that are not given up, quota held, objects, temporary files. */
    async traces(owner = 'ada') {
      const rows = await db.reader
        .selectFrom('files')
        .selectAll()
        .where('owner_id', '=', owner)
        .orderBy('id')
        .execute();
      const row = await db.reader.selectFrom('owners').select('held').where('owner_id', '=', owner).executeTakeFirst();
      const temporary = await readdir(join(dataDir, 'objects', 'tmp'), { recursive: true, withFileTypes: true });
      return {
        files: rows.filter((row) => row.purge_reason === null).map(({ name, status }) => `${name} ${status}`),
        held: row?.held ?? 0,
        objects: (await objects.list('', { limit: 1000 })).length,
        temporary: temporary.filter((entry) => entry.isFile()).length,
      };
    },
    async close() {
      await gateway.stop();
      await broker.close();
      await objects.close();
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;
