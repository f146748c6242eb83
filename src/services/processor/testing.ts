import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type CallContext, serviceContext } from '../../base/context.ts';
import { WorkServiceDefinition } from '../../contract/holdfast/internal/v1/work.ts';
import { type File, ProcessingState, Visibility } from '../../contract/holdfast/v1/file.ts';
import { openBroker } from '../../drivers/broker/index.ts';
import { openDatabase } from '../../drivers/database/index.ts';
import { openObjects } from '../../drivers/objects/index.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import type { Service } from '../../rpc/contract.ts';
import { throughTheWire } from '../../rpc/in-process.ts';
import { createFilesService, FILES_MIGRATIONS, type FilesTables } from '../files/index.ts';
import { createStorageService } from '../storage/index.ts';
import { createCatalog, createProcessor, loadPresets, type Processor, type ProcessorSettings } from './index.ts';

type Work = Service<typeof WorkServiceDefinition>;

export interface TestBedOptions {
  readonly settings?: Partial<ProcessorSettings>;
  /** Milliseconds. */
  readonly jobLease?: number;
  readonly maxRetries?: number;
  /** What a processor calls, given the real thing. */
  readonly work?: (work: Work) => Partial<Work>;
  readonly objects?: (objects: ObjectStore) => Partial<ObjectStore>;
}

/** Files and a processor as they run in one process, on a real database, store and broker in a temporary folder. */
export async function openTestBed({ settings, jobLease = 60_000, maxRetries = 2, ...wrap }: TestBedOptions = {}) {
  const log = pino({ level: 'silent' });
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-processor-'));
  const server = await openDatabase('sqlite:', { dataDir, log });
  const db = server.view<FilesTables>();
  await db.migrate('files', FILES_MIGRATIONS);
  const objects = await openObjects('file:', {
    dataDir,
    signingKey: Buffer.alloc(32, 1),
    publicUrl: () => 'http://127.0.0.1',
    log,
  });
  const broker = await openBroker('local:', { log });
  const service = createFilesService({
    db,
    storage: createStorageService({ objects, log }),
    broker,
    catalog: createCatalog(await loadPresets({})),
    settings: {
      maxFileSize: 10 * 1024 ** 3,
      allowedTypes: [],
      userQuota: undefined,
      userMaxFiles: undefined,
      uploadExpiry: 3600_000,
      trashRetention: 3600_000,
      maxRetries,
      jobLease,
    },
    confirmKey: Buffer.alloc(32, 2),
    log,
  });
  const work = throughTheWire(WorkServiceDefinition, service.work);
  const processor: Processor = createProcessor({
    work: { ...work, ...wrap.work?.(work) },
    objects: wrap.objects ? overlay(objects, wrap.objects(objects)) : objects,
    broker,
    settings: {
      concurrency: 2,
      jobTimeout: 60_000,
      jobMemory: 1024 ** 3,
      maxPixels: 100_000_000,
      scratchDir: join(dataDir, 'scratch'),
      ...settings,
    },
    log,
  });
  const loops = service.start();
  const ada: CallContext = { ...serviceContext('test', log, 'test'), principal: { kind: 'user', ownerId: 'ada' } };

  const file = async (fileId: string) => (await service.files.getFile({ ownerId: '', fileId }, ada)).file as File;
  return {
    ...service,
    db,
    objects,
    broker,
    processor,
    scratch: join(dataDir, 'scratch'),
    ada,
    asService: serviceContext('test', log, 'test'),
    file,

    async upload(bytes: Uint8Array, contentType: string): Promise<string> {
      const draft = {
        name: 'file',
        folder: '',
        contentType,
        size: bytes.length,
        metadata: {},
        visibility: Visibility.UNSPECIFIED,
      };
      const begun = await service.uploads.beginUpload({ ownerId: '', file: draft, sizeUnknown: false, part: 0 }, ada);
      await objects.put(begun.key, bytes, { size: bytes.length });
      const { fileId } = begun;
      await service.uploads.finishUpload({ ownerId: '', fileId, size: bytes.length, sha256: 'a'.repeat(64) }, ada);
      return fileId;
    },

    jobs: async (fileId: string) =>
      (await service.files.listJobs({ ownerId: '', fileId, state: 'JOB_STATE_UNSPECIFIED', page: undefined }, ada))
        .jobs,

    /** Waits until all that presets gave the file has ended. */
    async processed(fileId: string): Promise<File> {
      for (;;) {
        const found = await file(fileId);
        const state = found.processing?.state;
        if (state === ProcessingState.DONE || state === ProcessingState.FAILED) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },

    async close() {
      await loops.stop();
      await broker.close();
      await objects.close();
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type TestBed = Awaited<ReturnType<typeof openTestBed>>;

/** A store with some of its methods in another's place. */
const overlay = (objects: ObjectStore, over: Partial<ObjectStore>): ObjectStore =>
  new Proxy(objects, {
    get(target, name: keyof ObjectStore) {
      const value = over[name] ?? target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
