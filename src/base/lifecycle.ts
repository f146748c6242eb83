import { outside } from './tracing.ts';

/** Something that runs until it is stopped. */
export interface Running {
  /** Resolves when all work has ended or was handed back. Safe to call twice. */
  stop(): Promise<void>;
}

interface LoopOptions {
  /** Milliseconds between the end of one round and the start of the next. */
  readonly every: number;
  /** Milliseconds for which wakes are gathered before they start a round; 0 where absent. */
  readonly gather?: number;
  readonly round: (signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export interface Loop extends Running {
  /** Starts the next round at once (after the present one, if one is under way). */
  wake(): void;
}

/** Runs `round` again and again, never twice at a time. A round that throws is reported, and the loop goes on. */
export function startLoop({ every, gather = 0, round, onError }: LoopOptions): Loop {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;

  const schedule = (delay: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => outside(run), delay);
    timer.unref();
  };
  function run() {
    again = false;
    running = Promise.resolve()
      .then(() => round(stopping.signal))
      .catch((error) => {
        if (!stopping.signal.aborted) onError(error);
      })
      .then(() => {
        running = undefined;
        if (!stopping.signal.aborted) schedule(again ? gather : every);
      });
  }

  schedule(0);
  return {
    wake() {
      if (again) return;
      again = true;
      if (!running && !stopping.signal.aborted) schedule(gather);
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

/** Stops things in the reverse of the order in which they were started, whatever one of them throws. */
export class Closers {
  readonly #closers: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];

  add(name: string, close: () => Promise<void> | void): void {
    this.#closers.push({ name, close });
  }

  async close(onError: (name: string, error: unknown) => void): Promise<void> {
    for (let last = this.#closers.pop(); last; last = this.#closers.pop()) {
      try {
        await last.close();
      } catch (error) {
        onError(last.name, error);
      }
    }
  }
}
