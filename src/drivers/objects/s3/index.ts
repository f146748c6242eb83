import type { ObjectStoreOptions } from '../options.ts';
import type { ObjectStore } from '../port.ts';
import { type Bucket, encryptionFields, SIZES, type Sizes } from './bucket.ts';
import { createClients, type Patience } from './clients.ts';
import { completeMultipart } from './complete.ts';
import { get } from './get.ts';
import { claim, installation } from './installation.ts';
import { list } from './list.ts';
import { move } from './move.ts';
import { abortMultipart, beginUpload, listMultipart, listParts } from './multipart.ts';
import { examine } from './open.ts';
import { probe } from './probe.ts';
import { put } from './put.ts';
import { remove } from './remove.ts';
import { setupOf } from './setup/index.ts';
import { signGet, signPart, signPut } from './sign.ts';
import { head } from './stored.ts';
import { parseS3Url } from './url.ts';

interface Tuning {
  readonly sizes?: Sizes;
  readonly patience?: Patience;
}

/** Opens the store of an `s3:` URL: see url.ts. Throws with one line for the operator where it cannot be used. */
export async function openS3Store(
  url: string,
  options: ObjectStoreOptions,
  { sizes = SIZES, patience }: Tuning = {},
): Promise<ObjectStore> {
  const location = parseS3Url(url);
  const clients = await createClients(location, options.credentials, options.log, patience);
  const base = {
    name: location.bucket,
    root: location.root,
    clients,
    encryption: encryptionFields(location.encryption),
  };
  const conditional = await examine(base, location).catch((error: unknown) => {
    clients.close();
    throw error;
  });
  if (!conditional) {
    options.log.warn('the object store ignores If-None-Match, so two writers of one key at once are not told apart');
  }
  const bucket: Bucket = { ...base, conditional, sizes, log: options.log };

  return {
    put: (key, body, putOptions) => put(bucket, key, body, putOptions),
    get: (key, getOptions) => get(bucket, key, getOptions),
    head: (key) => head(bucket, key),
    move: (from, to) => move(bucket, from, to),
    delete: (keys) => remove(bucket, keys),
    list: (prefix, listOptions) => list(bucket, prefix, listOptions),

    signPut: (key, signOptions) => signPut(bucket, key, signOptions),
    signGet: (key, signOptions) => signGet(bucket, key, signOptions),

    createMultipart: (key, contentType) => beginUpload(bucket, key, { contentType }),
    signPart: (key, signOptions) => signPart(bucket, key, signOptions),
    listParts: (key, multipartId) => listParts(bucket, key, multipartId),
    completeMultipart: (key, multipartId, parts) => completeMultipart(bucket, key, multipartId, parts),
    abortMultipart: (key, multipartId) => abortMultipart(bucket, key, multipartId),
    listMultipart: (before) => listMultipart(bucket, before),

    installation: () => installation(bucket),
    claim: (id) => claim(bucket, id),
    probe: (signal) => probe(bucket, signal),
    async close() {
      clients.close();
    },

    setup: setupOf(bucket),
  };
}
