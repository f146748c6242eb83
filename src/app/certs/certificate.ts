import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { idOf } from '../../rpc/tls/identity.ts';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  utf8,
} from './der.ts';

/** A certificate and its key, both PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What signs certificates. */
export interface Authority {
  /** The common name of its certificate. */
  readonly name: string;
  readonly key: KeyObject;
  readonly publicKey: Uint8Array;
}

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

interface Wanted {
  readonly subject: string;
  readonly issuer: string;
  readonly validity: Validity;
  readonly extensions: readonly Buffer[];
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly signingKey: KeyObject;
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const CRITICAL = true;

/** A new CA (RFC 5280): it signs certificates for services, and no other CA. */
export function issueAuthority(name: string, validity: Validity): Issued {
  const { privateKey, publicKey } = newKeys();
  const extensions = [
    extension('2.5.29.19', sequence(boolean(true), integer(Buffer.of(0))), CRITICAL), // basicConstraints
    extension('2.5.29.15', bitString(Buffer.of(0b0000_0110), 1), CRITICAL), // keyUsage: keyCertSign, cRLSign
    extension('2.5.29.14', octetString(keyId(publicKey))), // subjectKeyIdentifier
  ];
  const cert = certificate({ subject: name, issuer: name, validity, extensions, publicKey, signingKey: privateKey });
  return { cert, key: pemOf(privateKey) };
}

/** A certificate with a new key for both ends of a connection: for these names, reached at these hosts. */
export function issueCertificate(
  authority: Authority,
  {
    names,
    hosts,
    validity,
  }: { readonly names: readonly string[]; readonly hosts: readonly string[]; readonly validity: Validity },
): Issued {
  const { privateKey, publicKey } = newKeys();
  const alternatives = [
    ...names.map((name) => implicit(6, Buffer.from(idOf(name)))),
    ...hosts.map((host) => (isIP(host) ? implicit(7, addressOf(host)) : implicit(2, Buffer.from(host)))),
  ];
  const extensions = [
    extension('2.5.29.19', sequence(), CRITICAL), // basicConstraints: no CA
    extension('2.5.29.15', bitString(Buffer.of(0b1000_0000), 7), CRITICAL), // keyUsage: digitalSignature
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))), // serverAuth, clientAuth
    extension('2.5.29.17', sequence(...alternatives)), // subjectAltName
    extension('2.5.29.14', octetString(keyId(publicKey))), // subjectKeyIdentifier
    extension('2.5.29.35', sequence(implicit(0, keyId(authority.publicKey)))), // authorityKeyIdentifier
  ];
  const cert = certificate({
    subject: names[0] ?? '',
    issuer: authority.name,
    validity,
    extensions,
    publicKey,
    signingKey: authority.key,
  });
  return { cert, key: pemOf(privateKey) };
}

function certificate({ subject, issuer, validity, extensions, publicKey, signingKey }: Wanted): string {
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.of(2))), // version 3
    integer(randomBytes(16)),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer),
    sequence(time(validity.from), time(validity.to)),
    distinguishedName(subject),
    publicKey,
    explicit(3, sequence(...extensions)),
  );
  const signature = sign('sha256', toBeSigned, signingKey);
  const der = sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature));
  const lines = der.toString('base64').match(/.{1,64}/g) as string[];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const distinguishedName = (commonName: string): Buffer => sequence(setOf(sequence(oid('2.5.4.3'), utf8(commonName))));

const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));

function newKeys(): { readonly privateKey: KeyObject; readonly publicKey: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'der' }) };
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

const keyId = (publicKey: Uint8Array): Buffer => createHash('sha256').update(publicKey).digest().subarray(0, 20);

/** 4 bytes, or 16. */
function addressOf(ip: string): Buffer {
  if (isIP(ip) === 4) return Buffer.from(ip.split('.').map(Number));
  const groups = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const [head = '', tail] = groups.split('::');
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const before = words(head);
  const after = words(tail ?? '');
  const zeros = tail === undefined ? [] : new Array<number>(8 - before.length - after.length).fill(0);
  const bytes = Buffer.alloc(16);
  for (const [index, word] of [...before, ...zeros, ...after].entries()) bytes.writeUInt16BE(word, index * 2);
  return bytes;
}
