import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, issueAuthority, issueCertificate } from '../../app/certs/certificate.ts';
import type { Logger } from '../../base/logger.ts';
import { type Certificates, openCertificates } from '../tls/certificates.ts';
import { SILENT } from './log.ts';

const HOUR = 3_600_000;
const YEAR = 8_766 * HOUR;

/** A CA, and certificates of it in a folder. */
export interface TestCertificates {
  /** A certificate for these names; of another CA, or valid at another time, where that is said. */
  write(
    file: string,
    names: readonly string[],
    options?: { ca?: Authority; from?: number; to?: number },
  ): Promise<void>;
  /** Takes another CA for what is written from now on, and for `ca.pem`; beside the former, where that is to stay. */
  renewAuthority(options?: { trusting?: string }): Promise<void>;
  open(file: string, log?: Logger): Promise<Certificates>;
  readonly folder: string;
  close(): Promise<void>;
}

const authority = (name: string): { readonly authority: Authority; readonly pem: string } => {
  const issued = issueAuthority(name, { from: new Date(Date.now() - HOUR), to: new Date(Date.now() + YEAR) });
  const publicKey = new X509Certificate(issued.cert).publicKey.export({ type: 'spki', format: 'der' });
  return { authority: { name, key: createPrivateKey(issued.key), publicKey }, pem: issued.cert };
};

/** Another CA, which may have the name of ours. */
export const otherAuthority = (name = 'other'): Authority => authority(name).authority;

export async function testCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-certs-'));
  let ca = authority('test');
  await writeFile(join(folder, 'ca.pem'), ca.pem);
  return {
    folder,
    async write(file, names, { ca: by = ca.authority, from = -HOUR, to = YEAR } = {}) {
      const validity = { from: new Date(Date.now() + from), to: new Date(Date.now() + to) };
      const { cert, key } = issueCertificate(by, { names, hosts: ['localhost', '127.0.0.1'], validity });
      await writeFile(join(folder, `${file}.key`), key);
      await writeFile(join(folder, `${file}.pem`), cert);
    },
    async renewAuthority({ trusting = '' } = {}) {
      ca = authority('test again');
      await writeFile(join(folder, 'ca.pem'), ca.pem + trusting);
    },
    open: (file, log = SILENT) =>
      openCertificates(
        { ca: join(folder, 'ca.pem'), cert: join(folder, `${file}.pem`), key: join(folder, `${file}.key`) },
        { log, every: HOUR },
      ),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
