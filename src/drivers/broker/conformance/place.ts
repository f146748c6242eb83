import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Law } from '../../laws.ts';
import { openBroker } from '../index.ts';
import type { Broker } from '../port.ts';
import { OtherProcess } from './other-process.ts';

/** What a test may do to the server and to the way there. */
export interface BrokerFaults {
  /** Ends the connections that there are, by a reset; the next are made as ever. */
  cut(): Promise<void> | void;
  /** Ends the connections that there are and refuses others, until `mend`. */
  refuse(): Promise<void> | void;
  /** Lets nothing through, neither on connections that there are nor on new ones, and closes none, until `mend`. */
  freeze(): Promise<void> | void;
  mend(): Promise<void> | void;
  /** Stops the server and starts it again, with all that it had acknowledged. */
  restart(): Promise<void>;
  /** The same, with nothing left of what it kept. Who may log in is as before. */
  wipe(): Promise<void>;
}

export interface StartedBroker {
  /** Leads through what `faults` can break. */
  readonly url: string;
  /** The same with a password (or user) that the server does not know. */
  readonly wrongCredentialsUrl?: string;
  readonly faults?: BrokerFaults;
  stop(): Promise<void>;
}

/** Starts a broker that carries nothing yet, or finds names in one that runs; each time another. */
export type StartBroker = () => Promise<StartedBroker>;

/** A line of the log, as far as the laws look. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly msg: string;
}

/** Each law has a place of its own, so that many can be tried at a time. */
export interface AtPlace {
  place: Place;
}

export type BrokerLaw = Law<AtPlace>;

/** A broker for one test, and whoever else joins it there; all closed at the end. */
export class Place {
  readonly #start: StartBroker;
  #started: StartedBroker | undefined;
  readonly #brokers: Broker[] = [];
  readonly #processes: OtherProcess[] = [];
  #log: LogLine[] = [];

  constructor(start: StartBroker) {
    this.#start = start;
  }

  async open(): Promise<void> {
    this.#log = [];
    this.#started = await this.#start();
    await this.another();
  }

  async close(): Promise<void> {
    await this.#started?.faults?.mend();
    await Promise.all(this.#processes.splice(0).map((other) => other.kill()));
    await Promise.all(this.#brokers.splice(0).map((broker) => broker.close()));
    await this.#started?.stop();
    this.#started = undefined;
  }

  get broker(): Broker {
    const [first] = this.#brokers;
    if (!first) throw new Error('Not open.');
    return first;
  }

  get started(): StartedBroker {
    if (!this.#started) throw new Error('Not open.');
    return this.#started;
  }

  get faults(): BrokerFaults {
    const { faults } = this.started;
    if (!faults) throw new Error('A broker without faults skips this law.');
    return faults;
  }

  /** What the brokers of this process have logged, without what only a developer reads. */
  get log(): readonly LogLine[] {
    return this.#log;
  }

  /** Opens the same broker once more, as another instance does. */
  async another(): Promise<Broker> {
    const broker = await openBroker(this.started.url, { log: pino({ level: 'info' }, this.#logStream()) });
    this.#brokers.push(broker);
    return broker;
  }

  /** A process of its own that consumes; see `OtherProcess`. */
  async otherProcess(topic: string, group: string): Promise<OtherProcess> {
    const other = new OtherProcess({ url: this.started.url, topic, group });
    this.#processes.push(other);
    await other.ready;
    return other;
  }

  #logStream(): Writable {
    return new Writable({
      write: (chunk: Buffer, _, done) => {
        const { level, msg } = JSON.parse(chunk.toString()) as { level: number; msg: string };
        this.#log.push({ level: level >= 50 ? 'error' : level >= 40 ? 'warn' : 'info', msg });
        done();
      },
    });
  }
}
