import { expect } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { openObjects } from '../index.ts';
import type { ObjectInfo, ObjectStore, SignedRequest } from '../port.ts';
import { optionsIn } from './bodies.ts';

/** What a signed request was answered with. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  readonly body: Buffer;
}

/** Sends a signed request as somebody without credentials would. */
export type SendSigned = (store: ObjectStore, request: SignedRequest, body?: Uint8Array) => Promise<Answer>;

/** Where an object store is for one suite. */
export interface StartedPlace {
  readonly url: string;
  readonly dataDir: string;
  readonly send: SendSigned;
  /** Names of what is there beside objects and multipart uploads under way, where that can be seen. */
  readonly residue?: () => Promise<string[]>;
  stop(): Promise<void>;
}

/** A store whose server, and the way to it, can be disturbed. */
export interface FragilePlace extends StartedPlace {
  /** The line to the server, over which `url` leads. */
  readonly line: Line;
  /** Ends the server at once, and starts it again with all that it has answered for. */
  restart(): Promise<void>;
}

/** Each lasts until `pass`. */
export interface Line {
  pass(): Promise<void>;
  /** Ends all connections and refuses new ones. */
  drop(): Promise<void>;
  /** Resets the connections that there are. */
  reset(): void;
  /** Keeps connections, and lets nothing through. */
  freeze(): void;
  /** Lets everything through that many milliseconds late. */
  delay(milliseconds: number): void;
}

/** Starts an empty store, or makes one in a server that runs; each time another. */
export type StartPlace = () => Promise<StartedPlace>;

/** An open store. The laws share it, each under a prefix of its own. */
export class Place {
  readonly #start: StartPlace;
  #started: StartedPlace | undefined;
  #store: ObjectStore | undefined;

  constructor(start: StartPlace) {
    this.#start = start;
  }

  async open(): Promise<void> {
    this.#started = await this.#start();
    this.#store = await this.another();
  }

  async close(): Promise<void> {
    await this.#store?.close();
    await this.#started?.stop();
  }

  get started(): StartedPlace {
    if (!this.#started) throw new Error('Not open.');
    return this.#started;
  }

  get store(): ObjectStore {
    if (!this.#store) throw new Error('Not open.');
    return this.#store;
  }

  /** Opens the same store once more; whoever asks for it closes it. */
  another(): Promise<ObjectStore> {
    const { url, dataDir } = this.started;
    return openObjects(url, optionsIn(dataDir));
  }

  /** Runs something on a store of its own that is empty. */
  async withEmpty(use: (store: ObjectStore) => Promise<void>): Promise<void> {
    const place = new Place(this.#start);
    await place.open();
    try {
      await use(place.store);
    } finally {
      await place.close();
    }
  }

  async expectNoResidue(): Promise<void> {
    expect((await this.started.residue?.()) ?? []).toEqual([]);
  }

  send(request: SignedRequest, body?: Uint8Array): Promise<Answer> {
    return this.started.send(this.store, request, body);
  }

  /** All bytes of an object. */
  async read(key: string): Promise<Buffer> {
    return readBody(this.store, key);
  }

  /** Keys of multipart uploads that are under way. */
  async uploads(prefix: string): Promise<string[]> {
    const found = await this.store.listMultipart(new Date(Date.now() + 3_600_000));
    return found.map(({ key }) => key).filter((key) => key.startsWith(prefix));
  }

  async keys(prefix: string): Promise<string[]> {
    return (await listAll(this.store, prefix)).map(({ key }) => key);
  }
}

/** A key, and a prefix with a slash, that no other law has. */
export const newKey = (): string => `${newId()}/${newId()}/original.bin`;
export const newPrefix = (): string => `${newId()}/`;

export async function readBody(
  store: ObjectStore,
  key: string,
  range?: { first: number; last: number },
): Promise<Buffer> {
  const { stream, length } = await store.get(key, range && { range });
  const bytes = Buffer.concat(await stream.toArray());
  expect(bytes.length).toBe(length);
  return bytes;
}

export async function listAll(store: ObjectStore, prefix: string, limit = 1_000): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  while (true) {
    const after = found.at(-1)?.key;
    const page = await store.list(prefix, { limit, ...(after !== undefined && { after }) });
    found.push(...page);
    if (page.length < limit) return found;
  }
}
