import { checkKey } from '../keys.ts';
import { checkPartNumber } from '../limits.ts';
import type { ObjectStoreOptions } from '../options.ts';
import type { ObjectStore, SignedGrant } from '../port.ts';
import { completeMultipart } from './complete.ts';
import { folderOf, openFolder } from './folder-url.ts';
import { get } from './get.ts';
import { head } from './head.ts';
import { claim, installation } from './installation.ts';
import { list } from './list.ts';
import { move } from './move.ts';
import { abortMultipart, createMultipart, listMultipart, listParts, putPart, uploadFolder } from './multipart.ts';
import { probe } from './probe.ts';
import { put } from './put.ts';
import { remove } from './remove.ts';
import { createSigner } from './signing.ts';

const SIGNED_PATH = '/signed/';

/**
 * Opens the store of a `file:` URL: a folder, by default `objects` in the data directory. Several processes may have
 * one folder open, each with a data directory of its own; they need the same signing key.
 */
export async function openDiskStore(url: string, options: ObjectStoreOptions): Promise<ObjectStore> {
  const disk = await openFolder(folderOf(url, options.dataDir), options.log);
  const signer = createSigner(options.signingKey);
  const urlOf = (grant: SignedGrant, expiresAt: Date) =>
    options.publicUrl().replace(/\/+$/, '') + SIGNED_PATH + signer.sign(grant, expiresAt);

  return {
    put: (key, body, putOptions) => put(disk, key, body, putOptions),
    get: (key, getOptions) => get(disk, key, getOptions),
    head: (key) => head(disk, key),
    move: (from, to) => move(disk, from, to),
    delete: (keys) => remove(disk, keys),
    list: (prefix, listOptions) => list(disk, prefix, listOptions),

    async signPut(key, { size, contentType, expiresAt }) {
      checkKey(key);
      const url = urlOf({ action: 'put', key, size, contentType }, expiresAt);
      return { method: 'PUT', url, headers: { 'content-type': contentType } };
    },
    async signGet(key, { contentType, contentDisposition, expiresAt }) {
      checkKey(key);
      return urlOf({ action: 'get', key, contentType, contentDisposition }, expiresAt);
    },

    createMultipart: (key) => createMultipart(disk, key),
    async signPart(key, { multipartId, number, size, expiresAt }) {
      uploadFolder(disk, key, multipartId);
      checkPartNumber(number);
      return {
        method: 'PUT',
        url: urlOf({ action: 'put-part', key, multipartId, number, size }, expiresAt),
        headers: {},
      };
    },
    listParts: (key, multipartId) => listParts(disk, key, multipartId),
    completeMultipart: (key, multipartId, parts) => completeMultipart(disk, key, multipartId, parts),
    abortMultipart: (key, multipartId) => abortMultipart(disk, key, multipartId),
    listMultipart: (before) => listMultipart(disk, before),

    installation: () => installation(disk),
    claim: (id) => claim(disk, id),
    probe: (signal) => probe(disk, signal),
    async close() {
      await disk.temporary.close();
      disk.folders.close();
    },

    endpoint: {
      path: SIGNED_PATH,
      verify: (token) => signer.verify(token),
      putPart: (grant, body, signal) => putPart(disk, grant, body, signal),
    },
  };
}
