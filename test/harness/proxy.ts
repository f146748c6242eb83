import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './engines/ports.ts';

/** A line to a server that can be disturbed. It passes all until it is told otherwise, and again after `pass()`. */
export interface TcpProxy {
  readonly port: number;
  /** The URL of the server that is behind it, led through it. */
  readonly url: string;
  /** Connections that stand. */
  connections(): number;
  /** Ends every disturbance: what was frozen goes on, and new connections are taken. */
  pass(): Promise<void>;
  /** Closes all connections and refuses new ones. */
  drop(): Promise<void>;
  /** Resets all connections that stand (RST); new ones pass. */
  reset(): void;
  /** Takes connections and keeps those that stand, but no byte goes either way. */
  freeze(): void;
  /** Holds each piece of data back for so long, each way. */
  delay(milliseconds: number): void;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** Opens a line to the server of a URL; for `s3:` to its endpoint. */
export async function openProxy(url: string): Promise<TcpProxy> {
  const { host, port: target, through } = addressOf(url);
  const port = await freePort();
  const sockets = new Set<Socket>();
  const line = new Line();
  let listener: Server | undefined;

  const track = (socket: Socket) => {
    sockets.add(socket);
    return socket.setNoDelay().on('close', () => sockets.delete(socket));
  };
  const take = (socket: Socket) => {
    const near = track(socket);
    const far = track(connect({ port: target, host, allowHalfOpen: true }));
    // A side that ends or breaks takes the other along.
    const end = () => {
      near.destroy();
      far.destroy();
    };
    pipeline(near, line.gate(), far).catch(end);
    pipeline(far, line.gate(), near).catch(end);
  };
  const listen = async () => {
    if (listener) return;
    const server = createServer({ allowHalfOpen: true }, take);
    listener = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  };
  const refuse = async () => {
    const server = listener;
    listener = undefined;
    const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    for (const socket of sockets) socket.destroy();
    await closed;
    line.pass();
  };

  await listen();
  return {
    port,
    url: through(port),
    connections: () => sockets.size / 2,
    async pass() {
      line.pass();
      await listen();
    },
    drop: refuse,
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze: () => line.freeze(),
    delay: (milliseconds) => line.delay(milliseconds),
    stop: refuse,
  };
}

/** How data go just now on all connections of a proxy. */
class Line {
  #milliseconds = 0;
  #frozen: { readonly thawed: Promise<void>; thaw(): void } | undefined;

  pass(): void {
    this.#milliseconds = 0;
    this.#frozen?.thaw();
    this.#frozen = undefined;
  }

  freeze(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#frozen ??= { thawed: promise, thaw: resolve };
  }

  delay(milliseconds: number): void {
    this.#milliseconds = milliseconds;
  }

  gate(): Transform {
    const passed = async () => {
      if (this.#milliseconds > 0) await pause(this.#milliseconds);
      while (this.#frozen) await this.#frozen.thawed;
    };
    return new Transform({
      transform(chunk, _encoding, done) {
        passed().then(() => done(null, chunk), done);
      },
      flush(done) {
        passed().then(() => done(), done);
      },
    });
  }
}

const USUAL_PORTS: Readonly<Record<string, number>> = {
  'postgres:': 5432,
  'mysql:': 3306,
  'redis:': 6379,
  'nats:': 4222,
  'amqp:': 5672,
  'http:': 80,
};

function addressOf(url: string) {
  const whole = new URL(url);
  const endpoint = whole.protocol === 's3:' ? whole.searchParams.get('endpoint') : null;
  const server = new URL(endpoint ?? url);
  return {
    host: server.hostname,
    port: Number(server.port) || (USUAL_PORTS[server.protocol] as number),
    through(port: number): string {
      server.host = `127.0.0.1:${port}`;
      if (endpoint === null) return server.href;
      whole.searchParams.set('endpoint', server.origin);
      return whole.href;
    },
  };
}
