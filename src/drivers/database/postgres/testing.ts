import { connect, createServer, type Socket } from 'node:net';
import { type Logger, pino } from 'pino';
import { changed } from '../testing.ts';

export { changed, open, silent } from '../testing.ts';

/** A log and the messages in it. */
export function recorder(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  return { log, lines };
}

export const withParameters = (url: string, parameters: Readonly<Record<string, string>>): string =>
  changed(url, ({ searchParams }) => {
    for (const [name, value] of Object.entries(parameters)) searchParams.set(name, value);
  });

/** What becomes of a connection when `COMMIT` comes by. */
export type Fate =
  | 'passes'
  /** It is cut before the server hears of it. */
  | 'is cut before'
  /** The server commits, and its answer is lost. */
  | 'is cut after'
  /** It comes never to the server, which is not told that the client is gone. */
  | 'is held';

/** A line to a server that knows when a unit is committed. */
export async function openCommitLine(url: string) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const fates: Fate[] = [];
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) sockets.add(socket.setNoDelay().on('error', () => socket.destroy()));
    far.on('data', (data) => near.write(data)).on('close', () => near.destroy());
    near.on('close', () => !held && far.destroy());
    let held = false;
    near.on('data', (data) => {
      // A simple query (PostgreSQL manual, 55.7): Q, its length, its text.
      const fate = data.includes('commit\0') ? (fates.shift() ?? 'passes') : 'passes';
      if (fate === 'is cut before') return void near.destroy();
      if (fate === 'is held') {
        held = true;
        return void near.destroy();
      }
      if (fate === 'is cut after') {
        far.removeAllListeners('data');
        far.once('data', () => near.destroy());
      }
      return void far.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  return {
    url: changed(url, (parsed) => {
      parsed.host = `127.0.0.1:${address.port}`;
    }),
    /** What befalls the next commits, one after the other. */
    next: (...more: Fate[]) => void fates.push(...more),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
