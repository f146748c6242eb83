import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { status as Status } from '@grpc/grpc-js';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  FileAdminServiceDefinition,
  SetQuotaRequest,
  SetQuotaResponse,
} from '../../../src/contract/holdfast/v1/file_admin.ts';
import { pathOf } from '../../../src/rpc/contract.ts';
import { type BackEnd, backEnd, failure, grpcAddress } from '../../harness/back-end.ts';
import { Certificates } from '../../harness/certificates.ts';
import { required } from '../../harness/engines/find.ts';
import { whyNoPythonGrpc } from '../../harness/engines/python.ts';
import { describeWhere, describeWithEngines } from '../../harness/engines/use.ts';
import { fixture, sha256 } from '../../harness/fixtures.ts';
import { reflect } from '../../harness/reflection.ts';
import { type Stack, startStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

let folder: string;
let certificates: Certificates;
const opened: { close(): unknown }[] = [];
const settings = () => ({
  ...certificates.of('files'),
  GRPC_PORT: '0',
  GRPC_CLIENTS: 'billing,reports:read,console:admin',
});
const connectAs = (name: string, stack: Stack): BackEnd => {
  const made = backEnd(grpcAddress(stack.output()), certificates.of(name));
  opened.push(made);
  return made;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-grpc-'));
  certificates = new Certificates(join(folder, 'certs'));
  await certificates.make(['billing', 'reports', 'console', 'unknown']);
});
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface File {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly size: number;
  readonly variants: readonly { readonly type: string }[];
}
interface Reserved {
  readonly file: File;
  readonly upload: {
    readonly request: { method: string; url: string; headers: Record<string, string> };
    readonly confirm_url: string;
  };
  readonly error: { code: string; detail: string; fields: { field: string }[] } | null;
}

const generate = async ({ files }: BackEnd, owner: string, wanted: readonly object[]) =>
  (await files<{ results: Reserved[] }>('GenerateUploadURLs', { owner_id: owner, files: wanted })).results;

/** Begins an upload, sends it, and confirms it. */
async function upload(client: BackEnd, owner: string, name: string, content: Buffer): Promise<File> {
  const [reserved] = await generate(client, owner, [{ name, size: content.length }]);
  const { file, upload } = reserved as Reserved;
  const { url, method, headers } = upload.request;
  expect((await fetch(url, { method, headers, body: new Uint8Array(content) })).status).toBe(200);
  return (await client.files<{ file: File }>('ConfirmUpload', { owner_id: owner, file_id: file.id })).file;
}

/** Runs an example as its page says, and answers what it printed. */
async function runExample(
  command: string,
  args: readonly string[],
  { stack, photo, env = {} }: { readonly stack: Stack; readonly photo: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { stdout } = await run(command, [...args, grpcAddress(stack.output()), 'alice', photo], {
    env: { PATH: process.env.PATH, ...certificates.of('client/billing'), ...env },
    timeout: 240_000,
  });
  return stdout;
}

async function expectThumbnail(photo: string): Promise<void> {
  const { format, width, height } = await sharp(await readFile(`${photo}.thumbnail.jpg`)).metadata();
  expect({ format, width, height }).toEqual({ format: 'jpeg', width: 300, height: 300 });
}

const typescript = async (stack: Stack, photo: string) => {
  const printed = await runExample(process.execPath, [join(ROOT, 'examples/grpc/typescript/main.ts')], {
    stack,
    photo,
  });
  expect(printed).toContain('its thumbnail is in');
  await expectThumbnail(photo);
};

/** A copy of a photo that an example may write beside. */
async function photoFor(name: string): Promise<string> {
  const photo = join(folder, `${name}.jpg`);
  await writeFile(photo, await fixture('wide-colour.jpg'));
  return photo;
}

describe('another back end', () => {
  let stack: Stack;
  let billing: BackEnd;
  const alice = (more: object = {}) => ({ owner_id: 'alice', ...more });
  beforeAll(async () => {
    stack = await startStack({ env: settings() });
  });
  afterAll(() => stack?.dispose());
  const as = (name: string) => connectAs(name, stack);

  test('in TypeScript, as the example has it', async () => typescript(stack, await photoFor('typescript')));

  describeWhere(
    [whyNoPythonGrpc()].filter((reason) => reason !== undefined),
    'in Python',
    () => {
      test('as the example has it', async () => {
        const photo = await photoFor('python');
        const generated = join(folder, 'generated');
        await mkdir(generated);
        const protos = ['common', 'usage', 'file'].map((name) => `holdfast/v1/${name}.proto`);
        await run(required('protoc'), ['-I', join(ROOT, 'proto'), `--python_out=${generated}`, ...protos]);
        const main = join(ROOT, 'examples/grpc/python/main.py');
        const env = { GENERATED: generated, PYTHONDONTWRITEBYTECODE: '1' };
        const printed = await runExample(required('python3'), [main], { stack, photo, env });
        expect(printed).toContain('its thumbnail is in');
        await expectThumbnail(photo);
      });
    },
  );

  test('has the whole life of a file, for the owner that it names alone', async () => {
    billing = as('client/billing');
    const { files } = billing;
    const content = await fixture('alpha.png');
    const file = await upload(billing, 'alice', 'alpha.png', content);
    expect(file).toMatchObject({ status: 'FILE_STATUS_UPLOADED', size: content.length });
    const whose = alice({ file_id: file.id });

    const asked = { ...whose, processor: 'thumbnail', options: { fields: { width: { numberValue: 50 } } } };
    const { job } = await files<{ job: { id: string; type: string } }>('RequestVariant', asked);
    const done = await until('the jobs to succeed', async () => {
      const { jobs } = await files<{ jobs: { id: string; state: string }[] }>('ListJobs', whose);
      return jobs.every(({ state }) => state === 'JOB_STATE_SUCCEEDED') && jobs;
    });
    expect(done.map(({ id }) => id)).toContain(job.id);
    expect(await files('GetJob', alice({ job_id: job.id }))).toMatchObject({ job: { attempt: 1 } });
    expect((await failure(files('RetryJob', alice({ job_id: job.id })))).reason).toBe('CONFLICT');
    const { file: whole } = await files<{ file: File }>('GetFile', whose);
    expect(whole.variants.map(({ type }) => type)).toContain(job.type);

    const { url } = await files<{ url: string }>('GenerateDownloadURL', { ...whose, download: 'saved.png' });
    const answer = await fetch(url);
    expect(answer.headers.get('content-disposition')).toContain('saved.png');
    expect(sha256(await answer.bytes())).toBe(sha256(content));

    await files('UpdateFile', { ...whose, name: 'renamed.png', metadata: { entries: { album: 'Lisbon' } } });
    const listed = await files<{ files: File[] }>('ListFiles', alice({ metadata: { album: 'Lisbon' } }));
    expect(listed.files.map(({ name }) => name)).toEqual(['renamed.png']);
    expect((await files<{ files: File[] }>('ListFiles', { owner_id: 'bob' })).files).toEqual([]);
    expect((await failure(files('GetFile', { ...whose, owner_id: 'bob' }))).status).toBe(Status.NOT_FOUND);

    await files('DeleteFile', whose);
    expect((await files<{ files: File[] }>('ListFiles', alice({ trash: true }))).files).toHaveLength(1);
    await files('RestoreFile', whose);
    await files('DeleteFile', { ...whose, permanent: true });
    expect((await failure(files('GetFile', whose))).status).toBe(Status.NOT_FOUND);
  });

  test('reserves a thousand files at once, which clients send and confirm by themselves', async () => {
    billing = as('client/billing');
    const wanted = Array.from({ length: 1_000 }, (_, number) => ({ name: `${number}.txt`, size: 5 }));
    const results = await generate(billing, 'carol', wanted);
    expect(results.map(({ file }) => file.name)).toEqual(wanted.map(({ name }) => name));
    const { file, upload } = results[500] as Reserved;
    const { url, method, headers } = upload.request;
    expect((await fetch(url, { method, headers, body: 'hello' })).status).toBe(200);
    expect((await fetch(upload.confirm_url, { method: 'POST' })).status).toBe(202);
    expect(await billing.files('GetFile', { owner_id: 'carol', file_id: file.id })).toMatchObject({
      file: { status: 'FILE_STATUS_UPLOADED' },
    });
    const { files: confirmed } = await billing.files<{ files: File[] }>('ListFiles', { owner_id: 'carol' });
    expect(confirmed.map(({ name }) => name)).toEqual(['500.txt']);

    const tooMany = generate(billing, 'carol', Array(10_000).fill(wanted[0]));
    expect(await failure(tooMany)).toMatchObject({
      status: Status.INVALID_ARGUMENT,
      reason: 'INVALID_REQUEST',
      fields: [{ path: 'files' }],
    });
  });

  test('hears which fields are wrong', async () => {
    billing = as('client/billing');
    const [fine, wrong] = await generate(billing, 'alice', [{ name: 'a' }, { name: 'a/b' }]);
    expect([fine?.error, wrong?.error]).toMatchObject([
      null,
      { code: 'invalid_name', fields: [{ field: 'files[1].name' }] },
    ]);
    for (const [method, request, path] of [
      ['ListFiles', {}, 'owner_id'],
      ['ListFiles', alice({ page: { limit: 500 } }), 'page.limit'],
      ['ListFiles', alice({ status: 99 }), 'status'],
      ['GetFile', alice(), 'file_id'],
      ['GenerateUploadURLs', alice({ files: [{ name: 'a' }, { name: 'b', visibility: 7 }] }), 'files[1].visibility'],
      ['GenerateDownloadURL', alice({ file_id: 'x', expires_in: -1 }), 'expires_in'],
    ] as const) {
      const { status, fields } = await failure(billing.files(method, request));
      expect([method, status, fields]).toEqual([method, Status.INVALID_ARGUMENT, [expect.objectContaining({ path })]]);
    }
  });

  test('asks again for the uploads whose answer it did not hear', async () => {
    billing = as('client/billing');
    const request = { owner_id: 'frank', files: [{ name: 'a.txt', size: 5 }], idempotency_key: 'order-7' };
    const ask = (change: object = {}) =>
      billing.files<{ results: Reserved[]; replayed: boolean }>('GenerateUploadURLs', { ...request, ...change });
    const [first, again] = [await ask(), await ask()];
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    expect(again.results[0]?.file.id).toBe(first.results[0]?.file.id);
    const { url, method, headers } = (again.results[0] as Reserved).upload.request;
    expect((await fetch(url, { method, headers, body: 'hello' })).status).toBe(200);
    expect(await failure(ask({ files: [{ name: 'b.txt', size: 5 }] }))).toMatchObject({
      status: Status.FAILED_PRECONDITION,
      reason: 'IDEMPOTENCY_MISMATCH',
    });
  });

  test('stands in the audit trail with what it did, for whom and from where', async () => {
    billing = as('client/billing');
    const { id } = await upload(billing, 'gina', 'a.txt', Buffer.from('a'));
    const whose = { owner_id: 'gina', file_id: id };
    await billing.files('GenerateDownloadURL', whose);
    await billing.files('DeleteFile', whose);
    const email = `${crypto.randomUUID()}@example.com`;
    const admin = await stack.api.signUp(email);
    await stack.cli('admin', 'promote', email);
    const path = `/api/admin/audit?actor=${encodeURIComponent('client/billing')}`;
    const entries = await until('the entries', async () => {
      const { status, body } = await admin.call('GET', path);
      const items = status === 200 ? (body as { items: { ownerId: string }[] }).items : [];
      const hers = items.filter(({ ownerId }) => ownerId === 'gina');
      return hers.length === 3 && hers;
    });
    const by = {
      actor: { kind: 'service', id: 'client/billing' },
      address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
      userAgent: expect.stringContaining('grpc'),
    };
    expect(entries).toMatchObject([
      { ...by, action: 'file.deleted', target: { kind: 'file', id } },
      { ...by, action: 'file.url_signed', target: { kind: 'file', id } },
      { ...by, action: 'owner.acted_for', target: { kind: 'owner', id: 'gina' } },
    ]);
  });

  test('that administers sets quotas, which stands in the audit trail, and the others do not', async () => {
    const path = pathOf(FileAdminServiceDefinition, 'setQuota');
    const request = SetQuotaRequest.fromPartial({ ownerId: 'hugo', files: { limit: 1 }, bytes: {} });
    const bytes = Buffer.from(SetQuotaRequest.encode(request).finish());
    expect((await failure(as('client/billing').send(path, bytes))).status).toBe(Status.PERMISSION_DENIED);
    const console = as('client/console');
    const { usage } = SetQuotaResponse.decode((await console.send(path, bytes)) as Buffer);
    expect(usage).toMatchObject({ ownerId: 'hugo', files: { used: 0, held: 0, limit: 1 } });
    const results = await generate(console, 'hugo', [
      { name: 'a', size: 1 },
      { name: 'b', size: 1 },
    ]);
    expect(results.map(({ error }) => error?.code)).toEqual([undefined, 'file_quota_exceeded']);
    const email = `${crypto.randomUUID()}@example.com`;
    const admin = await stack.api.signUp(email);
    await stack.cli('admin', 'promote', email);
    await until('the entry', async () => {
      const { status, body } = await admin.call('GET', '/api/admin/audit?action=owner.quota_set&target=hugo');
      if (status !== 200) return false;
      expect(body.items).toMatchObject([
        { actor: { kind: 'service', id: 'client/console' }, data: { files: 1, bytes: null } },
      ]);
      return true;
    });
  });

  test('is refused what its row does not allow, and whatever is no call', async () => {
    const [reports, unknown] = [as('client/reports'), as('client/unknown')];
    billing = as('client/billing');
    const { id } = await upload(billing, 'dora', 'a.txt', Buffer.from('a'));
    const whose = { owner_id: 'dora', file_id: id };
    expect(await reports.files('GetFile', whose)).toMatchObject({ file: { id } });
    for (const call of [reports.files('DeleteFile', whose), unknown.files('GetFile', whose)]) {
      expect((await failure(call)).status).toBe(Status.PERMISSION_DENIED);
    }
    const internal = billing.send('/holdfast.internal.v1.UploadService/BeginUpload', Buffer.alloc(0));
    expect((await failure(internal)).status).toBe(Status.PERMISSION_DENIED);
    const path = '/holdfast.v1.FileService/GetFile';
    expect(await failure(billing.send(path, Buffer.from('no protobuf')))).toMatchObject({
      status: Status.INVALID_ARGUMENT,
      reason: 'INVALID_REQUEST',
    });
    expect((await failure(billing.send(path, Buffer.alloc(100 * 1024 ** 2)))).status).toBe(Status.RESOURCE_EXHAUSTED);
    expect((await failure(billing.send(`${path}s`, Buffer.alloc(0)))).status).toBe(Status.UNIMPLEMENTED);
    expect(await billing.files('GetFile', whose)).toMatchObject({ file: { id } });
  });

  test('can do without the .proto files, by reflection', async () => {
    billing = as('client/billing');
    const { services, registry } = await reflect(billing.raw);
    expect(services).toContain('holdfast.v1.FileService');
    const method = registry.getService('holdfast.v1.FileService')?.method.generateUploadURLs;
    if (!method) throw new Error('It is not described.');
    const request = fromJson(method.input, { ownerId: 'eve', files: [{ name: 'a.txt', size: '5' }] });
    const answer = await billing.send(
      `/${method.parent.typeName}/${method.name}`,
      Buffer.from(toBinary(method.input, request)),
    );
    expect(toJson(method.output, fromBinary(method.output, answer as Buffer), { registry })).toMatchObject({
      results: [{ file: { name: 'a.txt', status: 'FILE_STATUS_PENDING' }, upload: { request: { method: 'PUT' } } }],
    });
  });
});

describeWithEngines(['s3'], 'another back end with S3', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ objects: 's3', env: settings() });
  });
  afterAll(() => stack?.dispose());

  test('sends to the store itself', async () => {
    const billing = connectAs('client/billing', stack);
    const [reserved] = await generate(billing, 'alice', [{ name: 'a.txt', size: 5 }]);
    expect(new URL(reserved?.upload.request.url as string).origin).not.toBe(new URL(stack.server.url).origin);
    await typescript(stack, await photoFor('s3'));
  });
});
