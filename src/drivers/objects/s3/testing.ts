import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysIn } from '../../../../test/harness/engines/s3-client.ts';
import { place } from '../../../../test/harness/engines/use.ts';
import type { SendSigned, StartedPlace } from '../conformance/place.ts';

/** Sends a signed request as a program without our SDK does. */
export const sendOverHttp: SendSigned = async (_store, { method, url, headers }, body) => {
  const answer = await fetch(url, { method, headers, ...(body && { body: Buffer.from(body) }) });
  return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
};

/** A fresh place on the S3 server of the test run, in a folder of its bucket. */
export async function startPlace(): Promise<StartedPlace> {
  const given = await place('s3');
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-s3-'));
  return {
    url: inFolder(given.url),
    dataDir,
    send: sendOverHttp,
    // Beside objects, only who owns the place may stand there.
    residue: async () => (await keysIn(given.url)).filter((key) => !/^in\/here\/(data\/|installation$)/.test(key)),
    async stop() {
      await rm(dataDir, { recursive: true });
      await given.stop();
    },
  };
}

/** The URL of a place, with a prefix in it. */
export function inFolder(url: string): string {
  const own = new URL(url);
  own.pathname = `${own.pathname.replace(/\/$/, '')}/in/here`;
  return own.href;
}
