import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: string;
  /** Undefined where the body was only counted. */
  readonly body: Buffer | undefined;
  readonly bytes: number;
}

interface Exchange {
  readonly keep: boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One connection, one request at a time, with as little of a client as HTTP/1.1 allows: on two cores, whatever the
 * client burns is missing to the server.
 */
export class Connection {
  readonly #socket: Socket;
  #head: Buffer = Buffer.alloc(0);
  #left = -1;
  #bytes = 0;
  #status = 0;
  #headers = '';
  #chunks: Buffer[] = [];
  #exchange: Exchange | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    const fail = (error: Error) => {
      const exchange = this.#exchange;
      this.#exchange = undefined;
      exchange?.reject(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('The server closed the connection.')));
  }

  static open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends head and body as they are. `keep`: the answer's body is kept, not only counted. */
  send(head: string, body?: Buffer, keep = false): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#exchange = { keep, resolve, reject };
      this.#socket.cork();
      this.#socket.write(head);
      if (body) this.#socket.write(body);
      this.#socket.uncork();
    });
  }

  /** Sends a body of `size` bytes, `chunk` again and again, as fast as the server takes it. */
  async sendLarge(head: string, chunk: Buffer, size: number): Promise<Answer> {
    const answer = this.send(head, undefined, true);
    let failed = false;
    answer.catch(() => {
      failed = true;
    });
    for (let left = size; left > 0 && !failed; left -= chunk.length) {
      const part = left >= chunk.length ? chunk : chunk.subarray(0, left);
      if (!this.#socket.write(part)) await new Promise<void>((resolve) => this.#socket.once('drain', resolve));
    }
    return answer;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let rest = chunk;
    if (this.#left < 0) {
      this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#headers = this.#head.toString('latin1', 0, end);
      this.#status = Number(this.#headers.slice(9, 12));
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#headers);
      if (!length) {
        this.#socket.destroy(new Error(`An answer without a length: ${this.#headers}`));
        return;
      }
      this.#left = Number(length[1]);
      rest = this.#head.subarray(end + 4);
      this.#head = Buffer.alloc(0);
    }
    this.#left -= rest.length;
    this.#bytes += rest.length;
    if (this.#exchange?.keep) this.#chunks.push(rest);
    if (this.#left > 0) return;
    const answer: Answer = {
      status: this.#status,
      headers: this.#headers,
      body: this.#exchange?.keep ? Buffer.concat(this.#chunks) : undefined,
      bytes: this.#bytes,
    };
    this.#left = -1;
    this.#bytes = 0;
    this.#chunks = [];
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.resolve(answer);
  }
}

/** The head of a request. */
export function head(method: string, path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** `count` times `once`, over `concurrency` connections. Answers the seconds it took. */
export async function hammer(
  url: string,
  { count, concurrency }: { readonly count: number; readonly concurrency: number },
  once: (connection: Connection, index: number) => Promise<void>,
): Promise<number> {
  const connections = await Promise.all(Array.from({ length: concurrency }, () => Connection.open(url)));
  let next = 0;
  const started = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let index = next++; index < count; index = next++) await once(connection, index);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const connection of connections) connection.close();
  return seconds;
}
