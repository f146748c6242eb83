import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, vi } from 'vitest';
import { serviceContext } from '../../base/context.ts';
import { newId } from '../../base/ids.ts';
import { readConfig } from '../../config.ts';
import { AccountMaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/account.ts';
import { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import { Visibility } from '../../contract/holdfast/v1/file.ts';
import { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import type { Service } from '../../rpc/contract.ts';
import { throughTheWire } from '../../rpc/in-process.ts';
import type { FilesTables } from '../../services/files/index.ts';
import { createJanitor } from '../../services/janitor/index.ts';
import { openCatalog } from '../catalog.ts';
import { type Ground, openGround } from '../ground.ts';
import { runMigrations } from '../migrations.ts';
import { authOn, filesOn, storageOn } from '../services.ts';

const log = pino({ level: 'silent' });
const BYTES = Buffer.from('some bytes');

export const context = serviceContext('test', log, newId());

/** What a janitor works on: auth, files and storage on the embedded default, anew for each test. */
export function useJanitorBed(defaultOwner: string) {
  let dataDir: string;
  let ground: Ground;
  let storage: Service<StorageServiceDefinition>;
  let files: ReturnType<typeof filesOn>;
  let auth: Awaited<ReturnType<typeof authOn>>;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'holdfast-sweeping-'));
    const config = readConfig({ DATA_DIR: dataDir, UPLOAD_EXPIRY: '1h', TRASH_RETENTION: '1d' });
    ground = await openGround(config, { command: 'test', publicUrl: () => 'http://localhost', log });
    await runMigrations(ground.database);
    storage = throughTheWire(StorageServiceDefinition, storageOn(ground, log).storage);
    auth = await authOn(ground, config, log);
    files = filesOn(ground, { storage: { storage }, catalog: await openCatalog(config) }, config, log);
  });
  afterEach(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    await ground.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const database = () => ground.database.view<FilesTables>();

  const janitorWith = (changed: Partial<Service<StorageServiceDefinition>> = {}) =>
    createJanitor({
      accounts: throughTheWire(AccountMaintenanceServiceDefinition, auth.maintenance),
      maintenance: throughTheWire(MaintenanceServiceDefinition, files.maintenance),
      storage: { ...storage, ...changed },
      broker: ground.broker,
      settings: { interval: 3_600_000, uploadExpiry: 3_600_000 },
      log,
    });

  /** The bytes of an upload have come, and nobody has confirmed it. */
  async function begin(owner = defaultOwner): Promise<{ fileId: string; key: string }> {
    const file = {
      name: 'a.txt',
      folder: '',
      contentType: 'text/plain',
      size: BYTES.length,
      metadata: {},
      visibility: Visibility.PRIVATE,
    };
    const begun = await files.uploads.beginUpload({ ownerId: owner, file, sizeUnknown: false, part: 0 }, context);
    await ground.objects.put(begun.key, BYTES);
    return begun;
  }

  async function upload(owner = defaultOwner): Promise<{ fileId: string; key: string }> {
    const { fileId, key } = await begin(owner);
    const sha256 = createHash('sha256').update(BYTES).digest('hex');
    await files.uploads.finishUpload({ ownerId: owner, fileId, size: BYTES.length, sha256 }, context);
    return { fileId, key };
  }

  return {
    get ground() {
      return ground;
    },
    get storage() {
      return storage;
    },
    get files() {
      return files;
    },
    get auth() {
      return auth;
    },
    database,
    janitorWith,
    begin,
    upload,
    /** Of all objects in the store. */
    keys: async () => (await ground.objects.list('', { limit: 1_000 })).map(({ key }) => key),
    fileIds: async () =>
      (await database().reader.selectFrom('files').select('id').execute()).map(({ id }) => id).sort(),
  };
}
