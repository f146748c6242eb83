import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type FormPart, formBody } from '../../../../../test/harness/client.ts';
import { until } from '../../../../../test/harness/until.ts';
import { startTestGateway, type TestGateway } from '../testing.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const NO_TRACES = { files: [], held: 0, temporary: 0 };

export const bytesOf = (size: number, seed = 1) => Buffer.alloc(size, createHash('sha256').update(`${seed}`).digest());
export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** A body without Content-Length. */
export const chunked = (bytes: Buffer) =>
  Readable.from([bytes.subarray(0, 10), bytes.subarray(10)], { objectMode: false });
export const file = (filename: string | undefined, content: string | Uint8Array, type = 'text/plain'): FormPart => ({
  field: 'file',
  ...(filename !== undefined && { filename }),
  type,
  content,
});
export const field = (field: string, content: string): FormPart => ({ field, content });

/** A gateway for the tests of a file, before the first and until after the last, and an owner for each of them. */
export class Uploading {
  readonly #start: Parameters<typeof startTestGateway>;
  #server: TestGateway | undefined;
  #owners = 0;
  /** What there was of the owner before the test. */
  before: Awaited<ReturnType<TestGateway['traces']>> | undefined;

  constructor(...start: Parameters<typeof startTestGateway>) {
    this.#start = start;
    beforeAll(async () => {
      this.#server = await startTestGateway(...this.#start);
    });
    afterAll(() => this.server.close());
    beforeEach(async () => {
      this.#owners += 1;
      this.before = await this.everything();
    });
  }

  get server(): TestGateway {
    if (!this.#server) throw new Error('The gateway is there only while tests run.');
    return this.#server;
  }

  /** Of their own for each test, so that nothing of another is seen. */
  get owner(): string {
    return `owner-${this.#owners}`;
  }

  get as() {
    return { authorization: `Bearer ${this.owner}` };
  }

  sendForm(parts: readonly FormPart[]) {
    const { body, type } = formBody(parts);
    return this.server.call('POST', '/api/files', { body, headers: { ...this.as, 'content-type': type } });
  }

  send(body: Buffer | Readable | string, query = 'name=a.bin', headers: Record<string, string> = {}) {
    return this.server.call('POST', `/api/files?${query}`, { body, headers: { ...this.as, ...headers } });
  }

  async contentOf(id: string): Promise<Buffer> {
    const { db, objects } = this.server;
    const row = await db.reader.selectFrom('files').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    return buffer((await objects.get(row.object_key as string)).stream);
  }

  everything() {
    return this.server.traces(this.owner);
  }

  /** Without the objects, which are those of all owners. */
  async traces() {
    const { objects: _, ...rest } = await this.everything();
    return rest;
  }

  gone() {
    return until(
      'all of it to be gone',
      async () => JSON.stringify(await this.everything()) === JSON.stringify(this.before),
    );
  }
}
