import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { namesOf } from './identity.ts';

/** Where a process has its certificate (with what leads to the CA, if anything does), its key, and the CAs it trusts. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate with its key and the CAs, checked to belong together. */
export interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Whom it is for. */
  readonly names: readonly string[];
  readonly validTo: Date;
  readonly authorities: readonly X509Certificate[];
}

/** Why certificates cannot be used: a sentence for the operator. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** Throws `CertificateError` where a file is missing, cannot be parsed, or does not go with the others. */
export async function readCredentials(files: CertificateFiles, now = new Date()): Promise<Credentials> {
  const [ca, cert, key] = await Promise.all([read(files.ca), read(files.cert), read(files.key)]);
  const authorities = certificatesIn(ca, files.ca);
  const chain = certificatesIn(cert, files.cert);
  const leaf = chain[0] as X509Certificate;
  if (!leaf.checkPrivateKey(keyIn(key, files.key))) {
    throw new CertificateError(`The key in ${files.key} is not the one of the certificate in ${files.cert}.`);
  }
  const last = chain.at(-1) as X509Certificate;
  if (!authorities.some((authority) => isIssuedBy(last, authority))) {
    throw new CertificateError(`The certificate in ${files.cert} was not issued by a CA in ${files.ca}.`);
  }
  if (leaf.validToDate < now) {
    throw new CertificateError(`The certificate in ${files.cert} expired on ${leaf.validToDate.toISOString()}.`);
  }
  const names = namesOf(leaf.subjectAltName);
  if (names.length === 0) {
    throw new CertificateError(
      `The certificate in ${files.cert} names no service: it needs a URI such as spiffe://holdfast/files in its subjectAltName.`,
    );
  }
  return { ca, cert, key, names, validTo: leaf.validToDate, authorities };
}

export const isIssuedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : (error.code ?? error.message);
    throw new CertificateError(`${path} cannot be read: ${why}.`);
  });
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function certificatesIn(pem: string, path: string): X509Certificate[] {
  try {
    const found = (pem.match(PEM) ?? []).map((block) => new X509Certificate(block));
    if (found.length > 0) return found;
  } catch {
    // Said below.
  }
  throw new CertificateError(`There is no certificate in PEM format in ${path}.`);
}

function keyIn(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CertificateError(`There is no private key in PEM format, without a passphrase, in ${path}.`);
  }
}

/** For either end of a connection. No session is resumed: a certificate is shown, and looked at, with every connection. */
export const secureOptions = ({ ca, cert, key }: Credentials): SecureContextOptions => ({
  ca,
  cert,
  key,
  minVersion: 'TLSv1.3',
  secureOptions: constants.SSL_OP_NO_TICKET,
});
