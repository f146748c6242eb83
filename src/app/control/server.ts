import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Logger } from '../../base/logger.ts';
import { StartError } from '../start-error.ts';
import { controlAddress } from './address.ts';
import type { Commands } from './commands.ts';

export interface ControlServer {
  readonly path: string;
  /** Aborts the commands that are under way, and closes. */
  close(): Promise<void>;
}

/** Commands are a few words; what is longer is none. */
const LONGEST_BODY = 4_096;

/**
 * Takes commands from this machine's `holdfast` command over a Unix socket that only this user may open: HTTP, one
 * POST per command, JSON both ways. A caller who hangs up aborts its command.
 */
export async function startControlServer(dataDir: string, commands: Commands, log: Logger): Promise<ControlServer> {
  const address = await controlAddress(dataDir);
  const stopping = new AbortController();
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    const hungUp = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) hungUp.abort();
    });
    answer(request, response, commands, AbortSignal.any([stopping.signal, hungUp.signal])).catch((error) => {
      if (hungUp.signal.aborted) return;
      if (stopping.signal.aborted) return respond(response, 503, { error: 'The server is stopping.' });
      if (error instanceof StartError) return respond(response, 409, { error: error.message });
      log.error({ err: error, command: request.url }, 'the command failed');
      respond(response, 500, { error: 'The command failed. See the log of the server.' });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.path, resolve);
  });
  if (process.platform !== 'win32') await chmod(address.path, 0o600);
  return {
    path: address.path,
    async close() {
      stopping.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 1_000).unref();
      await closed;
      await address.clear();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, commands: Commands, signal: AbortSignal) {
  const name = request.url?.slice(1) ?? '';
  if (request.method !== 'POST' || !Object.hasOwn(commands, name)) {
    request.resume();
    respond(response, 404, { error: 'There is no such command.' });
    return;
  }
  const command = commands[name as keyof Commands] as (input: unknown, signal: AbortSignal) => Promise<unknown>;
  respond(response, 200, await command(await readJson(request), signal));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LONGEST_BODY) throw new Error('The command is too long.');
  }
  return JSON.parse(text);
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
}
