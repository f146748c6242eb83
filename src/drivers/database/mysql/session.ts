import type { Socket } from 'node:net';
import type { QueryResult } from 'kysely';
import type { Connection, FieldPacket, ResultSetHeader } from 'mysql2';
import { Disconnected, isLost, NoAnswer } from './errors.ts';
import { bound } from './parameters.ts';
import { portRows } from './rows.ts';
import { needsText } from './statements.ts';

type Answer = ResultSetHeader | Record<string, unknown>[];

/** How much longer than the server itself we wait for its answer. Milliseconds. */
const GRACE = 5_000;

/**
 * One connection, set up for us (`connect`). Statements that are given at once run one after another. It throws what the
 * server throws, or `NoAnswer`; after an error of a lost connection it is of no use any more.
 */
export class Session {
  readonly #connection: Connection;
  readonly #socket: Socket;
  /** Rejects what is waited for. */
  readonly #pending = new Set<(error: unknown) => void>();
  #ended = false;
  #onEnd: (error: unknown) => void = () => {};
  /** When it was given back last, by `performance.now()`. */
  idleSince = 0;

  constructor(connection: Connection, socket: Socket) {
    this.#connection = connection;
    this.#socket = socket;
    connection.on('error', (error) => this.#end(error));
    connection.on('end', () => this.#end(new Disconnected()));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Called once, when the connection has ended or was given up. */
  onEnd(listener: (error: unknown) => void): void {
    this.#onEnd = listener;
  }

  /**
   * Runs a statement: a prepared one, which is kept for the next time, where that can be. `limit`: what the server lets
   * it take, in milliseconds; 0 where it has no limit.
   */
  async execute(sql: string, parameters: readonly unknown[], limit: number): Promise<QueryResult<unknown>> {
    const values = bound(parameters);
    const [answer, fields] = await this.#answer(limit, (answered) =>
      values.length > 0 || !needsText(sql)
        ? this.#connection.execute<never>(sql, values as never, answered as never)
        : this.#connection.query<never>(sql, answered as never),
    );
    if (Array.isArray(answer)) return { rows: portRows(answer, fields ?? []) };
    return { rows: [], numAffectedRows: BigInt(answer.affectedRows) };
  }

  /** Says goodbye. For a connection that is not at work. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connection.end(() => this.#socket.destroy());
    // Where nothing answers, the socket would keep the process alive.
    this.#socket.unref();
  }

  /** Ends the connection at once, whatever it is doing; the server undoes what is not committed. */
  destroy(error: unknown): void {
    this.#end(error);
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connection.destroy();
    this.#socket.destroy();
    // mysql2 does not answer any more.
    for (const reject of this.#pending) reject(error);
    this.#onEnd(error);
  }

  #answer(
    limit: number,
    ask: (answered: (error: unknown, answer: Answer, fields?: FieldPacket[]) => void) => void,
  ): Promise<[Answer, FieldPacket[] | undefined]> {
    if (this.#ended) return Promise.reject(new Disconnected());
    const patience = limit + GRACE;
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#pending.delete(fail);
      };
      const fail = (error: unknown) => {
        done();
        reject(error);
      };
      const refused = (error: unknown) => {
        fail(error);
        if (isLost(error)) this.#end(error);
      };
      const timer = limit === 0 ? undefined : setTimeout(() => refused(new NoAnswer(patience)), patience);
      this.#pending.add(fail);
      try {
        ask((error, answer, fields) => {
          if (error) return refused(error);
          done();
          resolve([answer, fields]);
        });
      } catch (error) {
        refused(error);
      }
    });
  }
}
