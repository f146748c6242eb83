import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../../test/harness/members.ts';
import { type ServerProcess, startServer } from '../../test/harness/process.ts';

/** Milliseconds before what died is started again. */
const RESTART_AFTER = 500;

interface MeshSettings {
  /** Starts again what dies. */
  readonly restart?: boolean;
  /** A folder for the logs, a file for each process; in memory without it. */
  readonly logs?: string;
}

/** The processes of all services. */
export class Mesh {
  readonly #restart: boolean;
  readonly #logs: string | undefined;
  readonly #running = new Map<Member, ServerProcess>();
  #members: readonly Member[] = [];
  #stopping = false;

  constructor({ restart = false, logs }: MeshSettings = {}) {
    this.#restart = restart;
    this.#logs = logs;
  }

  async start(members: readonly Member[]): Promise<void> {
    this.#members = members;
    const results = await Promise.allSettled(members.map((member) => this.#startOne(member)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  /** What runs, the gateway's address first. */
  lines(): string[] {
    const running = this.#members.flatMap((member) => {
      const server = this.#running.get(member);
      return server ? [{ member, server }] : [];
    });
    const gateway = running.find(({ member }) => member.services.includes('gateway'));
    return [`GATEWAY_URL=${gateway?.server.url}`, ...running.map(({ member, server }) => lineOf(member, server))];
  }

  /** Where each process answers HTTP, a gateway first. */
  urls(): string[] {
    const url = (member: Member) => this.#running.get(member)?.url ?? [];
    return this.#members.flatMap(url);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#running.values()].map((server) => server.kill('SIGTERM')));
  }

  async #startOne(member: Member): Promise<ServerProcess> {
    const log = this.#logs && join(this.#logs, `${basename(member.env.DATA_DIR as string)}.log`);
    const server = await startServer(member.env, member.services, log);
    this.#running.set(member, server);
    server.exited.then(async ({ code, signal }) => {
      if (this.#stopping) return;
      this.#running.delete(member);
      console.error(`${member.services.join(',')} ${server.pid} ended (${signal ?? `exit code ${code}`})`);
      if (!this.#restart) return;
      await this.#startAgain(member);
    });
    return server;
  }

  async #startAgain(member: Member): Promise<void> {
    for (;;) {
      await sleep(RESTART_AFTER);
      if (this.#stopping) return;
      try {
        const server = await this.#startOne(member);
        console.log(lineOf(member, server));
        return;
      } catch (error) {
        console.error((error as Error).message);
      }
    }
  }
}

/** The gateway is called over HTTP, those that answer others over gRPC; the others say over HTTP how they are. */
function lineOf({ services, env }: Member, { pid, url }: ServerProcess): string {
  const [service] = services;
  const answers = service === 'auth' || service === 'files' || service === 'storage';
  return `${service} ${pid} ${answers ? `127.0.0.1:${env.GRPC_PORT}` : url}`;
}
