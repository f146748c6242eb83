import { createServer } from 'node:net';

/** Listens there for a moment, to see whether one can. Throws the system's error. A port of 0 is any that is free. */
export async function tryAddress(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}
