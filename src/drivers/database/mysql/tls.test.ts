import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { changed, open } from './testing.ts';

/** A certificate that is its own authority, for a name. */
async function makeCertificate(folder: string, name: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await promisify(execFile)('openssl', [...made, ...subject, '-keyout', key, '-out', cert]);
  return { key, cert };
}

describeWithEngines(
  ['mysql'],
  'MySQL over TLS',
  () => {
    let folder: string;
    let engine: Engine;
    /** Its certificate is for another name than the one that it is found by. */
    let misnamed: Engine;
    let url: string;
    let own: string;
    let other: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
      const [localhost, elsewhere] = await Promise.all(
        ['localhost', 'elsewhere'].map((name) => makeCertificate(folder, name)),
      );
      [own, other] = [localhost?.cert as string, elsewhere?.cert as string];
      [engine, misnamed] = (await Promise.all(
        [localhost, elsewhere].map((each) =>
          startEngine('mysql', { args: [`--ssl-key=${each?.key}`, `--ssl-cert=${each?.cert}`] }),
        ),
      )) as [Engine, Engine];
      ({ url } = await engine.place());
    });
    afterAll(async () => {
      await Promise.all([engine.stop(), misnamed.stop()]);
      await rm(folder, { recursive: true, force: true });
    });

    const at = (host: string, parameters: Readonly<Record<string, string>>, of = url) =>
      changed(of, (parsed) => {
        parsed.hostname = host;
        for (const [name, value] of Object.entries(parameters)) parsed.searchParams.set(name, value);
      });
    async function isEncrypted(to: string): Promise<boolean> {
      const server = await open(to);
      const { rows } = await sql<{ Value: string }>`show status like 'Ssl_cipher'`.execute(server.view().reader);
      await server.close();
      return rows[0]?.Value !== '';
    }

    it('is used as ssl-mode says, and left out on loopback where it says nothing', async () => {
      expect(await isEncrypted(url)).toBe(false);
      expect(await isEncrypted(at('127.0.0.1', { 'ssl-mode': 'preferred' }))).toBe(true);
      expect(await isEncrypted(at('127.0.0.1', { 'ssl-mode': 'required' }))).toBe(true);
      expect(await isEncrypted(at('127.0.0.1', { 'ssl-mode': 'verify_ca', 'ssl-ca': own }))).toBe(true);
      expect(await isEncrypted(at('127.0.0.1', { 'ssl-ca': own }))).toBe(true);
      expect(await isEncrypted(at('localhost', { 'ssl-mode': 'verify_identity', 'ssl-ca': own }))).toBe(true);
    });

    it('is refused where the certificate is not of the authority, or of another name', async () => {
      for (const wrong of [
        at('127.0.0.1', { 'ssl-mode': 'verify_ca', 'ssl-ca': other }),
        at('127.0.0.1', { 'ssl-mode': 'verify_ca' }),
        at('localhost', { 'ssl-mode': 'verify_identity', 'ssl-ca': other }),
        at('localhost', { 'ssl-mode': 'verify_identity' }),
        at('localhost', { 'ssl-mode': 'verify_identity', 'ssl-ca': other }, misnamed.url),
      ]) {
        await expect(open(wrong), wrong).rejects.toThrow(
          /^DATABASE_URL: the TLS connection to .* failed: .*; look at ssl-mode and ssl-ca\.$/,
        );
      }
      expect(await isEncrypted(at('localhost', { 'ssl-mode': 'verify_ca', 'ssl-ca': other }, misnamed.url))).toBe(true);
    });
  },
  { own: true },
);
