import { setTimeout as pause } from 'node:timers/promises';
import { type Api, UnexpectedAnswer } from '../../harness/client.ts';
import { seeded } from '../../harness/fixtures/random.ts';
import { until } from '../../harness/until.ts';
import { anyAction } from './actions.ts';
import type { Ledger } from './ledger.ts';

export interface Load {
  /** Ends it: what is under way ends by itself. */
  stop(): Promise<void>;
  /** Works at full speed from now on; resolves when so many more files were accepted, or when something is broken. */
  getOn(count: number): Promise<void>;
  /** Takes its time from now on: in a long wait it is to do no more than is telling, and leave the machine to others. */
  ease(): void;
}

/** Milliseconds that a client waits at most before it asks one again who just had nothing for it. */
const AGAIN = 100;

/** Milliseconds that a client rests at most between two things that it does, when it takes its time. */
const REST = 300;

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
  let eased = false;
  const client = async (number: number) => {
    const random = seeded(seed * 1_000 + number);
    let made = 0;
    const freshName = () => `s${seed}-c${number}-${made++}.bin`;
    while (!stopped) {
      try {
        await anyAction(random)({ api, ledger, random, freshName, outages });
        if (eased) await pause(REST * random());
      } catch (error) {
        if (isCutOff(error) && !goesOn) return;
        if (!isCutOff(error) && !(outages && isOutage(error))) {
          ledger.broken.push(String(error));
          return;
        }
        await pause(AGAIN * random());
      }
    }
  };
  const running = Array.from({ length: clients }, (_, i) => client(i));
  return {
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
    async getOn(count) {
      eased = false;
      const enough = ledger.acknowledged + count;
      await until('the load to get on', () => ledger.acknowledged >= enough || ledger.broken.length > 0);
    },
    ease() {
      eased = true;
    },
  };
}

const CUT_OFF = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR']);
const isCutOff = (error: unknown): boolean => CUT_OFF.has((error as NodeJS.ErrnoException).code ?? '');
const isOutage = (error: unknown): boolean => error instanceof UnexpectedAnswer && error.answer.status >= 500;
