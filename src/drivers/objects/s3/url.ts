import type { ObjectStoreCredentials } from '../options.ts';

export interface S3Location {
  readonly bucket: string;
  /** What all our keys begin with: empty, or with a slash at its end. */
  readonly root: string;
  /** Undefined for AWS. */
  readonly endpoint: string | undefined;
  /** The endpoint as clients reach it, for URLs that are signed. */
  readonly publicEndpoint: string | undefined;
  readonly region: string | undefined;
  /** The bucket in the path of a URL, and not in its host. */
  readonly forcePathStyle: boolean;
  readonly encryption: Encryption | undefined;
  /** Path of a PEM file with the certificates that the endpoint's certificate goes back to. */
  readonly ca: string | undefined;
  readonly credentials: ObjectStoreCredentials | undefined;
}

export interface Encryption {
  readonly mode: EncryptionMode;
  readonly keyId: string | undefined;
}

const MODES = ['AES256', 'aws:kms', 'aws:kms:dsse'] as const;
type EncryptionMode = (typeof MODES)[number];

const PARAMETERS = ['endpoint', 'publicEndpoint', 'region', 'sse', 'sseKmsKeyId', 'ca', 'forcePathStyle'];

/** S3 takes keys of 1,024 bytes; ours have at most 200 after this and what we put between. */
const MAX_PREFIX = 512;

/**
 * Reads `s3://bucket/prefix?endpoint=…`; before the bucket may stand `key:secret@`, percent-encoded. Throws with one
 * line for the operator, which never holds the credentials.
 */
export function parseS3Url(text: string): S3Location {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname) {
    throw wrong(
      'expected s3://bucket/prefix?endpoint=…; a "/", "@" or ":" in a key or secret is written %2F, %40, %3A',
    );
  }
  const bucket = url.hostname;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/.test(bucket) || url.port) {
    throw wrong(`"${url.host}" is not the name of a bucket; a server is given as ?endpoint=http://host:port`);
  }
  for (const name of new Set(url.searchParams.keys())) {
    if (!PARAMETERS.includes(name)) throw wrong(`there is no "${name}"; known are ${PARAMETERS.join(', ')}`);
    if (url.searchParams.getAll(name).length > 1) throw wrong(`${name} is given twice`);
  }
  const given = (name: string) => url.searchParams.get(name) || undefined;
  const endpoint = origin('endpoint', given('endpoint'));
  return {
    bucket,
    root: rootOf(url.pathname),
    endpoint,
    publicEndpoint: origin('publicEndpoint', given('publicEndpoint')),
    region: given('region'),
    forcePathStyle: flag('forcePathStyle', given('forcePathStyle')) ?? endpoint !== undefined,
    encryption: encryptionOf(given('sse'), given('sseKmsKeyId')),
    ca: given('ca'),
    credentials: credentialsOf(url),
  };
}

function rootOf(pathname: string): string {
  const prefix = decode(pathname).replace(/^\/+|\/+$/g, '');
  if (prefix === '') return '';
  const segments = prefix.split('/');
  if (prefix.length > MAX_PREFIX || !segments.every((segment) => /^(?!\.{1,2}$)[\w!.*'()-]+$/.test(segment))) {
    throw wrong(`the prefix may have ${MAX_PREFIX} letters, digits, "-", "_", "." and single slashes`);
  }
  return `${prefix}/`;
}

function origin(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isOrigin = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username;
  if (!isOrigin) throw wrong(`${name} must be http://host:port or https://host:port, without a path`);
  return url.origin;
}

function flag(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === 'true' || value === 'false') return value === 'true';
  throw wrong(`${name} must be true or false`);
}

function encryptionOf(sse: string | undefined, keyId: string | undefined): Encryption | undefined {
  const mode = MODES.find((one) => one === sse);
  if (sse !== undefined && mode === undefined) throw wrong(`sse must be one of ${MODES.join(', ')}`);
  if (keyId !== undefined && !mode?.startsWith('aws:kms')) throw wrong('sseKmsKeyId goes with sse=aws:kms');
  return mode && { mode, keyId };
}

function credentialsOf({ username, password }: URL): ObjectStoreCredentials | undefined {
  if (username === '' && password === '') return undefined;
  if (username === '' || password === '') throw wrong('credentials are written key:secret@ before the bucket');
  return { accessKeyId: decode(username), secretAccessKey: decode(password) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('a "%" is followed by two hex digits, and "%" itself is written %25');
  }
}

const wrong = (problem: string): Error => new Error(`STORAGE_URL: ${problem}.`);
