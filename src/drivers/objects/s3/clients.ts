import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { Logger } from '../../../base/logger.ts';
import type { ObjectStoreCredentials } from '../options.ts';
import { isOutage } from './errors.ts';
import type { S3Location } from './url.ts';

/** Milliseconds. */
export interface Patience {
  /** Until a connection stands; waiting for one of the pool counts too. */
  readonly connect: number;
  /** Without a byte in either direction, after which a request is given up. */
  readonly silence: number;
  /** The same, of requests with which the store copies or puts together what may be large. */
  readonly longSilence: number;
}

export const PATIENCE: Patience = { connect: 5_000, silence: 20_000, longSilence: 120_000 };

/** The first try included. */
const ATTEMPTS = 3;

/** Connections of a pool. Those on which objects are read each belong to somebody who downloads, however slowly. */
const CONNECTIONS = 256;
const READING_CONNECTIONS = 2_048;

/** Clients of one store that differ in how long they wait, in their connections, and in where they think it is. */
export interface Clients {
  readonly quick: S3Client;
  /** For copying and putting together. */
  readonly patient: S3Client;
  /** For the bodies of objects. */
  readonly reader: S3Client;
  /** Signs for the endpoint as clients reach it, and sends nothing. */
  readonly signer: S3Client;
  close(): void;
}

export async function createClients(
  location: S3Location,
  credentials: ObjectStoreCredentials | undefined,
  log: Logger,
  { connect, silence, longSilence }: Patience = PATIENCE,
): Promise<Clients> {
  const { endpoint, publicEndpoint = endpoint, region, forcePathStyle } = location;
  const ca = location.ca === undefined ? undefined : await readCertificates(location.ca);
  const given = location.credentials ?? credentials;
  const base: S3ClientConfig = {
    forcePathStyle,
    // A compatible server wants some region, and mostly does not mind which.
    ...((region ?? endpoint) && { region: region ?? 'us-east-1' }),
    ...(given && { credentials: { ...given } }),
    maxAttempts: ATTEMPTS,
    // What is sent is signed with its SHA-256 anyhow. Further checksums are refused by many compatible servers, and in
    // a signed URL they would be those of an empty body.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // No body of ours is so long that asking first would save anything.
    expectContinueHeader: false,
  };
  const watch = watchOutages(log);
  const make = (socketTimeout: number, connections: number, more: S3ClientConfig = {}) => {
    const agent = { keepAlive: true, maxSockets: connections, ...(ca && { ca }) };
    const client = new S3Client({
      ...base,
      ...more,
      ...(endpoint && { endpoint }),
      requestHandler: { connectionTimeout: connect, socketTimeout, httpAgent: agent, httpsAgent: agent },
    });
    watch(client);
    if (endpoint) sendContentMd5(client);
    return client;
  };
  const quick = make(silence, CONNECTIONS);
  // Found, and found anew when they expire, once for all.
  const found = { credentials: quick.config.credentials, region: quick.config.region };
  const clients = {
    quick,
    patient: make(longSilence, CONNECTIONS, found),
    reader: make(silence, READING_CONNECTIONS, found),
    signer: new S3Client({ ...base, ...found, ...(publicEndpoint && { endpoint: publicEndpoint }) }),
  };
  return {
    ...clients,
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

async function readCertificates(path: string): Promise<string[]> {
  try {
    return [...getCACertificates('default'), await readFile(path, 'utf8')];
  } catch (error) {
    throw new Error(`STORAGE_URL: ca: ${path} cannot be read. Name a PEM file that this user can read.`, {
      cause: error,
    });
  }
}

/** Says once when the store goes away, and once when it is back. */
function watchOutages(log: Logger): (client: S3Client) => void {
  let away = false;
  return (client) =>
    client.middlewareStack.add(
      (next) => async (args) => {
        try {
          const answer = await next(args);
          if (away) log.info('the object store answers again');
          away = false;
          return answer;
        } catch (error) {
          if (isOutage(error) && !away) {
            log.warn({ err: error }, 'the object store does not answer');
            away = true;
          }
          throw error;
        }
      },
      { step: 'initialize', name: 'holdfastWatchOutages' },
    );
}

/** Requests for which S3 wants a checksum of the body. */
const WITH_CHECKSUM = new Set([
  'DeleteObjectsCommand',
  'PutBucketCorsCommand',
  'PutBucketLifecycleConfigurationCommand',
]);

/** Sends it as Content-MD5, which all servers know, in place of the newer headers, which some do not. */
function sendContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const request = args.request as { headers: Record<string, string>; body?: string | Uint8Array };
      if (context.commandName && WITH_CHECKSUM.has(context.commandName) && request.body !== undefined) {
        for (const name of Object.keys(request.headers)) {
          if (/^x-amz-(checksum-|sdk-checksum-)/i.test(name)) delete request.headers[name];
        }
        request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
      }
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'holdfastContentMd5' },
  );
}
