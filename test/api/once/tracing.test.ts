import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWithEngines } from '../../harness/engines/use.ts';
import { fixture } from '../../harness/fixtures.ts';
import { call } from '../../harness/http.ts';
import { type Collector, type ReceivedSpan, startCollector } from '../../harness/otlp.ts';
import { type Stack, startStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector();
});
afterAll(() => collector.stop());

const settings = () => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
  OTEL_EXPORTER_OTLP_HEADERS: 'x-key=k%201',
});
const newTrace = () => {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, headers: { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` } };
};

/** Spans of a trace once these are among them. */
const spansOf = (traceId: string, ...names: string[]) =>
  until(`spans of ${names.join(', ')}`, () => {
    const spans = collector.of(traceId);
    return names.every((name) => spans.some((span) => span.name === name)) && spans;
  });
const called = (spans: readonly ReceivedSpan[], name: string) =>
  spans.find((span) => span.name === name) as ReceivedSpan;
/** From a span up to where its trace begins: `service: name` each. */
function path(spans: readonly ReceivedSpan[], span: ReceivedSpan): string[] {
  const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [`${span.service}: ${span.name}`, ...(above ? path(spans, above) : [])];
}

describe('traces of one process', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ env: settings() });
  });
  afterAll(() => stack?.dispose());

  test('tell what a request went through, in the trace of whoever sent it', async () => {
    const user = await stack.api.signUp();
    const { traceId, headers } = newTrace();
    await user.upload(await fixture('photo.webp'), { name: 'photo.webp', headers });
    const finish = 'holdfast.internal.v1.UploadService/FinishUpload';
    const spans = await spansOf(traceId, 'POST /api/files', 'objects put', finish, 'database unit');
    expect(called(spans, 'POST /api/files').attributes).toMatchObject({ 'http.response.status_code': 202 });
    expect(path(spans, called(spans, 'objects put'))).toEqual(['holdfast: objects put', 'holdfast: POST /api/files']);
    const finished = called(spans, finish);
    const unit = spans.find(({ name, parentSpanId }) => name === 'database unit' && parentSpanId === finished.spanId);
    expect(path(spans, unit as ReceivedSpan)).toEqual([
      'holdfast: database unit',
      `holdfast: ${finish}`,
      'holdfast: POST /api/files',
    ]);
    expect([...collector.keys]).toEqual(['k 1']);
  });

  test('begin with a request, and with the jobs of a file', async () => {
    const user = await stack.api.signUp();
    const upload = newTrace();
    const { id } = await user.upload(await fixture('photo.webp'), { name: 'photo.webp', headers: upload.headers });
    const jobs = await until('the jobs of the file', () =>
      collector
        .all()
        .find(({ name, attributes }) => name === 'jobs of a file' && attributes['holdfast.file_id'] === id),
    );
    const spans = await spansOf(jobs.traceId, 'holdfast.internal.v1.WorkService/CompleteJobs', 'objects put');
    expect(path(spans, called(spans, 'objects put')).at(-1)).toBe('holdfast: jobs of a file');
    // Neither what whoever waits for the upload does not wait for, nor what goes on by itself.
    const waitedFor = (await spansOf(upload.traceId, 'POST /api/files')).map(({ name }) => name);
    for (const name of ['jobs of a file', 'WorkService/ClaimJobs', 'EventService/ReadEvents']) {
      expect(waitedFor.filter((one) => one.includes(name))).toEqual([]);
    }
    expect(collector.all().filter(({ name }) => /ListDueFiles|readyz/.test(name))).toEqual([]);
  });

  test('say what failed, and leave out what whoever sent it does not keep', async () => {
    const refused = newTrace();
    await stack.api.call('GET', '/api/files/x', refused);
    const spans = await spansOf(refused.traceId, 'GET /api/files/:id');
    expect(called(spans, 'GET /api/files/:id')).toMatchObject({ attributes: { 'http.response.status_code': 401 } });
    const unkept = newTrace();
    const traceparent = unkept.headers.traceparent.replace(/01$/, '00');
    await stack.api.call('GET', '/api/files/x', { headers: { traceparent } });
    const after = newTrace();
    await stack.api.call('GET', '/api/files/x', after);
    await spansOf(after.traceId, 'GET /api/files/:id');
    expect(collector.of(unkept.traceId)).toEqual([]);
  });
});

describeWithEngines(['postgres', 's3', 'nats'], 'the trace of services that run apart', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ database: 'postgres', objects: 's3', broker: 'nats', apart: 'mesh', env: settings() });
  });
  afterAll(() => stack?.dispose());

  test('is one, through the gateway, files and storage', async () => {
    const user = await stack.api.signUp();
    const { traceId, headers } = newTrace();
    const declared = { name: 'a.txt', size: 5, contentType: 'text/plain' };
    const { body } = await user.expect(201, 'POST', '/api/uploads', { json: declared, headers });
    const { url, headers: signed } = body.upload;
    expect((await call('PUT', url, { headers: signed, body: 'hello' })).status).toBe(200);
    await user.expect(202, 'POST', `/api/uploads/${body.file.id}/confirm`, { headers });

    const confirm = 'holdfast.v1.FileService/ConfirmUpload';
    const move = 'holdfast.v1.StorageService/MoveObject';
    await spansOf(traceId, 'POST /api/uploads', 'holdfast.v1.StorageService/SignUploads');
    // Each process sends its own.
    const moved = await until('all that led to it', () => {
      const spans = collector.of(traceId);
      const span = spans.find(({ name }) => name === 'objects move');
      const whole = span ? path(spans, span) : [];
      return whole.at(-1)?.includes('POST ') && whole;
    });
    expect(moved).toEqual([
      'holdfast-storage: objects move',
      `holdfast-storage: ${move}`,
      `holdfast-files: ${move}`,
      `holdfast-files: ${confirm}`,
      `holdfast-gateway: ${confirm}`,
      'holdfast-gateway: POST /api/uploads/:fileId/confirm',
    ]);
  });
});
