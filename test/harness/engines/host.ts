import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Engine, EngineName, Place } from './engine.ts';
import { givenUrl, KINDS, startEngine } from './index.ts';

/** What a test asks of the host, one line of JSON each. A place that was made is given back by its URL. */
export type Request = { readonly place: EngineName } | { readonly stop: string };

export type Response = { readonly url: string } | { readonly done: true } | { readonly error: string };

export interface EngineHost {
  /** Of the local socket on which it hears requests. */
  readonly path: string;
  /** Ends all engines that were started. */
  stop(): Promise<void>;
}

/** Starts the engines that tests ask for, each at the first demand and once, and makes them places there. */
export async function openEngineHost(): Promise<EngineHost> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-engines-'));
  const path = join(folder, 'host');
  const servers = new SharedServers();
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
    createInterface({ input: socket }).on('line', async (line) => {
      socket.write(`${JSON.stringify(await answer(servers, JSON.parse(line)))}\n`);
    });
  });
  await new Promise<void>((listening) => listener.listen(path, listening));
  return {
    path,
    async stop() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await servers.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answer(servers: SharedServers, request: Request): Promise<Response> {
  try {
    if ('place' in request) return { url: await servers.place(request.place) };
    await servers.giveBack(request.stop);
    return { done: true };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

class SharedServers {
  readonly #engines = new Map<EngineName, Promise<Engine>>();
  readonly #places = new Map<string, Place>();

  async place(name: EngineName): Promise<string> {
    const given = givenUrl(name);
    const place = given ? await KINDS[name].place(given) : await (await this.#engine(name)).place();
    this.#places.set(place.url, place);
    return place.url;
  }

  async giveBack(url: string): Promise<void> {
    const place = this.#places.get(url);
    this.#places.delete(url);
    await place?.stop();
  }

  #engine(name: EngineName): Promise<Engine> {
    const engine = this.#engines.get(name) ?? startEngine(name);
    this.#engines.set(name, engine);
    return engine;
  }

  async stop(): Promise<void> {
    const started = await Promise.allSettled(this.#engines.values());
    await Promise.all(started.map((each) => (each.status === 'fulfilled' ? each.value.stop() : undefined)));
  }
}
