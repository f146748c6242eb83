import { unlessAborted } from '../../base/deadline.ts';
import { HoldfastError } from '../../base/errors.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { closed, unavailable } from '../broker/errors.ts';
import { Kept } from '../broker/kept.ts';
import { Outage } from '../broker/outage.ts';
import type { StoreEvents } from './port.ts';

/** A connection that hears, as long as it stands. */
export interface Hearing {
  probe(): Promise<void>;
  /** Takes no more, and resolves when what runs has ended and is settled, and the connection is closed. */
  stop(): Promise<void>;
  /** Lets everything go as it is. */
  end(): Promise<void>;
}

type Handler = (body: Uint8Array) => Promise<void>;

interface KeptHearingOptions {
  /** What the server is called. */
  readonly server: string;
  /** Connects, and makes what is not there. */
  readonly hear: (handler: Handler, lost: (error: Error) => void) => Promise<Hearing>;
  /** Connects, sees that all is there, and leaves. Throws what an operator reads. */
  readonly examine: () => Promise<void>;
  /** What an operator reads of an error that time alone does not mend; undefined for others. */
  readonly explain: (error: Error) => string | undefined;
  readonly log: Logger;
}

/** Milliseconds between two tries to get a connection back. */
const RECONNECT = { base: 100, max: 3_000 };

/** Store events over connections that are made anew with all that stands on them when they are lost. */
export async function keepHearing({ server, hear, examine, explain, log }: KeptHearingOptions): Promise<StoreEvents> {
  await examine();
  const running = new Set<Running & { probe(): Promise<void> }>();
  let closing: Promise<void> | undefined;

  return {
    async consume(handler) {
      if (closing) throw closed();
      let stopped: Promise<void> | undefined;
      const kept = new Kept<Hearing>({
        make: (lost) => hear(handler, lost),
        end: (hearing) => (stopped ? hearing.stop() : hearing.end()),
        outage: new Outage({ server, log, explain }),
        pauses: RECONNECT,
      });
      await kept.open().catch((error) => {
        throw unavailable(error);
      });
      const one = {
        probe: async () => (await kept.presence.soon()).probe(),
        stop() {
          // It is set before the connection is asked to end.
          stopped ??= Promise.resolve()
            .then(() => kept.close())
            .finally(() => running.delete(one));
          return stopped;
        },
      };
      running.add(one);
      return one;
    },

    async probe(signal) {
      if (closing) throw closed();
      signal.throwIfAborted();
      const probed = running.size === 0 ? examine() : Promise.all(Array.from(running, (one) => one.probe()));
      try {
        await unlessAborted(signal, Promise.resolve(probed));
      } catch (error) {
        throw error instanceof HoldfastError || signal.aborted ? error : unavailable(error);
      }
    },

    close() {
      closing ??= Promise.all(Array.from(running, (one) => one.stop())).then(() => undefined);
      return closing;
    },
  };
}
