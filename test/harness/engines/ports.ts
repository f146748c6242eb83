import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what systems give to outgoing connections, so that a port is still free when its server starts again. */
const FIRST = 20_000;
const LAST = 32_000;
/** Each process looks among so many of its own, so that two that look at once do not find the same. */
const EACH = 150;

/** A loopback port that nobody listens on just now, and that was not answered before. */
export async function freePort(): Promise<number> {
  const first = FIRST + (process.pid % Math.floor((LAST - FIRST) / EACH)) * EACH;
  for (let attempt = 0; ; attempt++) {
    const port = attempt < EACH ? randomInt(first, first + EACH) : randomInt(FIRST, LAST);
    if (answered.has(port) || !(await canListen(port))) continue;
    answered.add(port);
    return port;
  }
}

const answered = new Set<number>();

const canListen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
