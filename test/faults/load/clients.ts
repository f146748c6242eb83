import { setTimeout as pause } from 'node:timers/promises';
import { type Api, UnexpectedAnswer } from '../../harness/client.ts';
import { seeded } from '../../harness/fixtures/random.ts';
import { anyAction } from './actions.ts';
import type { Ledger } from './ledger.ts';

export interface Load {
  /** Ends it: what is under way ends by itself. */
  stop(): Promise<void>;
  /** From now on clients wait so many milliseconds after each thing that they did: for long waits, to do no more than is telling. */
  ease(milliseconds: number): void;
}

/** Milliseconds that a client waits before it asks one again who just had nothing for it. */
const PATIENCE = 100;

interface LoadOptions {
  readonly seed: number;
  readonly clients: number;
  /** Goes on when a server is gone: there is another. */
  readonly goesOn?: boolean;
  /** Something that the servers stand on goes down meanwhile: they may answer 503. */
  readonly outages?: boolean;
}

/** Several clients of one user that do one thing after another, until they are stopped or the server is gone. */
export function startLoad(
  api: Api,
  ledger: Ledger,
  { seed, clients, goesOn = false, outages = false }: LoadOptions,
): Load {
  let stopped = false;
  let rest = 0;
  const client = async (number: number) => {
    const random = seeded(seed * 1_000 + number);
    let made = 0;
    const freshName = () => `s${seed}-c${number}-${made++}.bin`;
    while (!stopped) {
      try {
        await anyAction(random)({ api, ledger, random, freshName, outages });
        if (rest > 0) await pause(rest);
      } catch (error) {
        if (isCutOff(error) && !goesOn) return;
        if (!isCutOff(error) && !(outages && isOutage(error))) {
          ledger.broken.push(String(error));
          return;
        }
        await pause(PATIENCE * random());
      }
    }
  };
  const running = Array.from({ length: clients }, (_, i) => client(i));
  return {
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
    ease(milliseconds) {
      rest = milliseconds;
    },
  };
}

const CUT_OFF = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR']);
const isCutOff = (error: unknown): boolean => CUT_OFF.has((error as NodeJS.ErrnoException).code ?? '');
const isOutage = (error: unknown): boolean => error instanceof UnexpectedAnswer && error.answer.status >= 500;
