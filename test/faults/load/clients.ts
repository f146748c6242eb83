import { type Api, UnexpectedAnswer } from '../../harness/client.ts';
import { seeded } from '../../harness/fixtures/random.ts';
import { anyAction } from './actions.ts';
import type { Ledger } from './ledger.ts';

export interface Load {
  /** Ends it: what is under way ends by itself. */
  stop(): Promise<void>;
}

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
  const client = async (number: number) => {
    const random = seeded(seed * 1_000 + number);
    let made = 0;
    const freshName = () => `s${seed}-c${number}-${made++}.bin`;
    while (!stopped) {
      try {
        await anyAction(random)({ api, ledger, random, freshName, outages });
      } catch (error) {
        if (outages && isOutage(error)) continue;
        if (isCutOff(error) && goesOn) continue;
        if (isCutOff(error)) return;
        ledger.broken.push(String(error));
        return;
      }
    }
  };
  const running = Array.from({ length: clients }, (_, i) => client(i));
  return {
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}

const CUT_OFF = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR']);
const isCutOff = (error: unknown): boolean => CUT_OFF.has((error as NodeJS.ErrnoException).code ?? '');
const isOutage = (error: unknown): boolean => error instanceof UnexpectedAnswer && error.answer.status >= 500;
