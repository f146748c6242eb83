import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCredentials } from '../../rpc/tls/credentials.ts';
import { SERVICES } from '../../rpc/tls/identity.ts';
import { issueAuthority, issueCertificate } from './certificate.ts';
import { addCertificate, initCertificates, renewCertificates, showCertificates } from './folder.ts';

const DAY = 86_400_000;
let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'holdfast-certs-'));
  folder = join(parent, 'certs');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const init = (options: Partial<Parameters<typeof initCertificates>[1]> = {}) =>
  initCertificates(folder, { hosts: [], days: 365, force: false, ...options });
const credentials = (file: string) =>
  readCredentials({ ca: join(folder, 'ca.pem'), cert: join(folder, `${file}.pem`), key: join(folder, `${file}.key`) });

describe('init', () => {
  test('makes a CA and a certificate for each service, with keys for their owner alone', async () => {
    const kept = await init({ hosts: ['files.internal', '10.0.0.5', 'FE80::1'] });
    expect(kept.map(({ file }) => file)).toEqual(['ca', ...SERVICES.toSorted()]);
    for (const service of SERVICES) {
      const { names, validTo } = await credentials(service);
      expect(names).toEqual([service]);
      expect(validTo.getTime()).toBeGreaterThan(Date.now() + 364 * DAY);
    }
    expect(kept.find(({ file }) => file === 'files')?.hosts).toEqual([
      'localhost',
      '127.0.0.1',
      '::1',
      'files',
      'files.internal',
      '10.0.0.5',
      'fe80::1',
    ]);
    for (const file of await readdir(folder)) {
      const { mode } = await stat(join(folder, file));
      expect([file, mode & 0o777]).toEqual([file, file.endsWith('.key') ? 0o600 : 0o644]);
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test('replaces nothing unless it is told to, and then all', async () => {
    await init();
    const before = await readFile(join(folder, 'ca.pem'), 'utf8');
    await expect(init()).rejects.toThrow(/certificates in .* already/);
    expect(await readFile(join(folder, 'ca.pem'), 'utf8')).toBe(before);
    await init({ force: true });
    expect(await readFile(join(folder, 'ca.pem'), 'utf8')).not.toBe(before);
    await credentials('files');
  });

  test.each(['', 'a b', 'host:9001', 'https://host', '*'])('%j is no host', async (host) => {
    await expect(init({ hosts: [host] })).rejects.toThrow('is no host');
    expect(existsSync(folder)).toBe(false);
  });
});

describe('issue', () => {
  const add = (names: string[], force = false) => addCertificate(folder, { names, hosts: [], days: 30, force });

  test('makes one for another back end, and one for several services', async () => {
    await init();
    expect(await add(['client/billing'])).toMatchObject({ file: 'client-billing', names: ['client/billing'] });
    expect(await add(['files', 'storage'])).toMatchObject({ file: 'files+storage', names: ['files', 'storage'] });
    expect((await credentials('files+storage')).names).toEqual(['files', 'storage']);
    await expect(add(['client/billing'])).rejects.toThrow('is there already');
    await add(['client/billing'], true);
  });

  test.each(['hacker', 'client', 'client/', 'client/a/b', 'client/A', '../ca', 'ca'])('%j is no name', async (name) => {
    await init();
    await expect(add([name])).rejects.toThrow('is no name for a certificate');
  });

  test('where there is no CA, it is said', async () => {
    await expect(add(['files'])).rejects.toThrow(/ca\.(pem|key) cannot be read: there is no such file/);
  });
});

test('renew replaces what expires soon, with the same names and hosts and another key', async () => {
  await init({ hosts: ['files.internal'], days: 20 });
  await addCertificate(folder, { names: ['client/billing'], hosts: [], days: 300, force: false });
  const [before, billing] = [await credentials('files'), await credentials('client-billing')];
  const kept = await showCertificates(folder);
  const renewed = await renewCertificates(folder, { within: 30, days: 365 });
  expect(renewed.map(({ file }) => file)).toEqual(SERVICES.toSorted());
  const after = await credentials('files');
  expect(after.key).not.toBe(before.key);
  expect(after.validTo.getTime()).toBeGreaterThan(before.validTo.getTime());
  expect(renewed.map(({ names, hosts }) => ({ names, hosts }))).toEqual(
    kept
      .filter(({ file }) => (SERVICES as readonly string[]).includes(file))
      .map(({ names, hosts }) => ({ names, hosts })),
  );
  expect((await credentials('client-billing')).cert).toBe(billing.cert);
  expect(await renewCertificates(folder, { within: 30, days: 365 })).toEqual([]);
});

test('show says where there are none', async () => {
  await expect(showCertificates(folder)).rejects.toThrow('Make some with "certs init"');
});

describe('a certificate', () => {
  const validity = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2051-12-31T23:59:59Z') };
  const ca = issueAuthority('Test', validity);
  const authority = {
    name: 'Test',
    key: createPrivateKey(ca.key),
    publicKey: new X509Certificate(ca.cert).publicKey.export({ type: 'spki', format: 'der' }),
  };

  test('holds from when to when it says, before and after 2050', () => {
    const { validFromDate, validToDate } = new X509Certificate(ca.cert);
    expect([validFromDate, validToDate]).toEqual([validity.from, validity.to]);
  });

  test('is for any host it is given, however an address is written', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), { maxLength: 40 }), (hosts) => {
        const { cert } = issueCertificate(authority, { names: ['files'], hosts, validity });
        const certificate = new X509Certificate(cert);
        expect(certificate.verify(new X509Certificate(ca.cert).publicKey)).toBe(true);
        for (const host of hosts) {
          const found =
            host.includes(':') || /^[\d.]+$/.test(host) ? certificate.checkIP(host) : certificate.checkHost(host);
          expect([host, found !== undefined]).toEqual([host, true]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('satisfies OpenSSL where it is strict', async ({ skip }) => {
    await init();
    try {
      execFileSync('openssl', ['version'], { stdio: 'ignore' });
    } catch {
      skip('there is no openssl command');
    }
    const verify = (purpose: string) =>
      execFileSync('openssl', ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.pem', 'files.pem'], {
        cwd: folder,
        encoding: 'utf8',
      });
    expect([verify('sslserver'), verify('sslclient')]).toEqual(['files.pem: OK\n', 'files.pem: OK\n']);
  });
});
