import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../../../../test/harness/engines/ports.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { optionsIn, pattern } from '../conformance/bodies.ts';
import { newKey, readBody, type StartedPlace } from '../conformance/place.ts';
import { openObjects } from '../index.ts';
import { startPlace } from './testing.ts';

const KEY = 'AKIAEXAMPLE';
const SECRET = 'nobody-may-read-this';
const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) await close();
});

const opened = (url: string) => openObjects(url, optionsIn(tmpdir()));

/** What the operator reads when the store cannot be opened. */
async function refusal(url: string): Promise<string> {
  const error = (await opened(url).then(
    async (store) => {
      await store.close();
      throw new Error(`${url} was opened.`);
    },
    (thrown: unknown) => thrown,
  )) as Error;
  expect(error.message).toMatch(/^STORAGE_URL: .*\.$/);
  expect(error.message).not.toMatch(/\n/);
  expect(error.message).not.toContain(SECRET);
  return error.message;
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers everything in one way. */
const answering = (listener: RequestListener) => listening(createHttpServer(listener));

const xmlError = (status: number, code: string, headers: Record<string, string> = {}): RequestListener => {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}.</Message></Error>`);
  };
};

test.each([
  [403, 'InvalidAccessKeyId', {}, /does not know the access key\. Check AWS_ACCESS_KEY_ID/],
  [403, 'SignatureDoesNotMatch', {}, /does not accept the secret key\. Check AWS_SECRET_ACCESS_KEY/],
  [403, 'AccessDenied', {}, /may not s3:ListBucket in bucket "bucket"/],
  [400, 'ExpiredToken', {}, /have expired/],
  [301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }, /is in eu-west-1\. Set region=/],
  [400, 'AuthorizationHeaderMalformed', {}, /is in another region/],
  [404, 'NoSuchBucket', {}, /no bucket "bucket" at http:/],
  [418, 'ShortAndStout', {}, /418 ShortAndStout\. Check that it is an S3 server/],
  [200, 'Hello', {}, /Check that it is an S3 server/],
] as const)('a server that says %s %s is refused with what to do', async (status, code, headers, words) => {
  const host = await answering(xmlError(status, code, headers));
  expect(await refusal(`s3://${KEY}:${SECRET}@bucket?endpoint=http://${host}`)).toMatch(words);
});

test('what is no S3 server, or not there, is refused with what to do', async () => {
  const page = await answering((_, response) => response.end('<html><body>Hello</body></html>'));
  expect(await refusal(`s3://${KEY}:${SECRET}@bucket?endpoint=http://${page}`)).toMatch(
    /Check that it is an S3 server/,
  );
  expect(await refusal(`s3://${KEY}:${SECRET}@bucket?endpoint=https://${page}`)).toMatch(/http:\/\/ in place of https/);
  const nobody = `http://127.0.0.1:${await freePort()}`;
  expect(await refusal(`s3://${KEY}:${SECRET}@bucket?endpoint=${nobody}`)).toMatch(
    /nothing answers .* \(ECONNREFUSED\)/,
  );
  const closing = await listening(createServer((socket) => socket.resetAndDestroy()));
  expect(await refusal(`s3://${KEY}:${SECRET}@bucket?endpoint=http://${closing}`)).toMatch(/nothing answers/);
});

test('credentials and a region are asked for where there are none', async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('HOME', '/nonexistent');
  const host = await answering(xmlError(500, 'InternalError'));
  expect(await refusal(`s3://bucket?endpoint=http://${host}`)).toMatch(/no credentials .* Set AWS_ACCESS_KEY_ID/);
  expect(await refusal(`s3://${KEY}:${SECRET}@bucket`)).toMatch(/region/);
});

test('a CA file that cannot be read is named', async () => {
  const url = `s3://${KEY}:${SECRET}@bucket?endpoint=https://localhost&ca=/nonexistent/ca.pem`;
  expect(await refusal(url)).toMatch(/\/nonexistent\/ca\.pem cannot be read/);
});

describeWithEngines(['s3'], 'opening a store on a real S3 server', () => {
  let place: StartedPlace;
  beforeAll(async () => {
    place = await startPlace();
  });
  afterAll(() => place.stop());
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(place.url);
    change(url);
    return url.href;
  };

  test('names the bucket, the key or the secret that is wrong', async () => {
    expect(await refusal(changed((url) => (url.host = 'no-such-bucket-here')))).toMatch(/"no-such-bucket-here"/);
    expect(await refusal(changed((url) => (url.username = KEY)))).toMatch(/access key/);
    expect(await refusal(changed((url) => (url.password = SECRET)))).toMatch(/secret key/);
  });

  test('takes credentials from the options and the environment, the URL before them', async () => {
    const given = new URL(place.url);
    const right = { accessKeyId: given.username, secretAccessKey: given.password };
    const bare = changed((url) => {
      url.username = '';
      url.password = '';
    });
    const wrong = { accessKeyId: KEY, secretAccessKey: SECRET };
    await (await openObjects(bare, { ...optionsIn(tmpdir()), credentials: right })).close();
    await (await openObjects(place.url, { ...optionsIn(tmpdir()), credentials: wrong })).close();
    vi.stubEnv('AWS_ACCESS_KEY_ID', right.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', right.secretAccessKey);
    vi.stubEnv('AWS_SESSION_TOKEN', undefined);
    await (await opened(bare)).close();
  });

  test('refuses a store that does not encrypt as it is told to', async () => {
    expect(await refusal(changed((url) => url.searchParams.set('sse', 'AES256')))).toMatch(
      /does not encrypt as sse=AES256 asks for/,
    );
  });

  test('trusts the certificates of a CA file, and no others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-ca-'));
    closers.push(() => rm(folder, { recursive: true }));
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const { port, hostname } = new URL(new URL(place.url).searchParams.get('endpoint') as string);
    const line = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (near) => {
      const far = connect(Number(port), hostname);
      near.on('error', () => far.destroy()).pipe(far);
      far.on('error', () => near.destroy()).pipe(near);
    });
    const host = await listening(line);
    const url = changed((own) => own.searchParams.set('endpoint', `https://${host}`));
    expect(await refusal(url)).toMatch(/is not trusted \(\w+\)\. Give its authority as ca=/);
    const trusting = new URL(url);
    trusting.searchParams.set('ca', cert);
    const store = await opened(trusting.href);
    const name = newKey();
    await store.put(name, pattern(100_000));
    expect((await readBody(store, name)).equals(pattern(100_000))).toBe(true);
    await store.close();
  });
});
