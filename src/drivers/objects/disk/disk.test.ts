import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../../base/errors.ts';
import { inChunks } from '../conformance/bodies.ts';
import type { SendSigned } from '../conformance/place.ts';
import { objectsConformance } from '../conformance.ts';

objectsConformance({
  name: 'the disk store',
  async start() {
    const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-disk-'));
    return {
      url: 'file:',
      dataDir,
      send: sendThroughEndpoint,
      residue: () => unfinishedFiles(join(dataDir, 'objects')),
      stop: () => rm(dataDir, { recursive: true, force: true }),
    };
  },
});

/** What is in the folders for unfinished files, those of runs that live included. */
async function unfinishedFiles(root: string): Promise<string[]> {
  const entries = await readdir(join(root, 'tmp'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.parentPath !== join(root, 'tmp')).map(({ name }) => name);
}

/** Does what the gateway does with a request to a signed URL. */
const sendThroughEndpoint: SendSigned = async (store, { method, url }, body = new Uint8Array()) => {
  const { endpoint } = store;
  if (!endpoint) throw new Error('The store has no endpoint.');
  const { pathname } = new URL(url);
  try {
    const grant = endpoint.verify(pathname.slice(endpoint.path.length));
    if ((method === 'GET') !== (grant.action === 'get')) return { status: 405, body: Buffer.alloc(0) };
    if (grant.action === 'get') {
      const { stream } = await store.get(grant.key);
      return { status: 200, body: Buffer.concat(await stream.toArray()) };
    }
    if (grant.action === 'put') await store.put(grant.key, inChunks(body), { size: grant.size });
    else await endpoint.putPart(grant, inChunks(body), AbortSignal.timeout(30_000));
    return { status: 200, body: Buffer.alloc(0) };
  } catch (error) {
    if (error instanceof HoldfastError) return { status: error.meaning.http, body: Buffer.from(error.code) };
    throw error;
  }
};
