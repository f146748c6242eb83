/** Engines that Holdfast runs on, by what stands behind the URL. */
export const ENGINE_NAMES = ['postgres', 'mysql', 's3', 'redis', 'nats', 'rabbitmq'] as const;

export type EngineName = (typeof ENGINE_NAMES)[number];

/** A place on a server that nobody else uses: a database, a bucket, a prefix or a virtual host of its own. */
export interface Place {
  /** As DATABASE_URL, STORAGE_URL or BROKER_URL takes it. */
  readonly url: string;
  /** Gives back what it held, where that is much. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** More arguments for the server's command line, after ours. */
  readonly args?: readonly string[];
}

/** A server of our own, on a free loopback port and in a temporary folder. */
export interface Engine {
  readonly name: EngineName;
  /** The whole server: the account in it may do everything. */
  readonly url: string;
  /** Milliseconds from the start until it answered. */
  readonly startedIn: number;
  place(): Promise<Place>;
  /**
   * Ends it as a loss of power ends a process, at once; its data stay as they are. Of S3 only the gateway ends, which
   * refuses connections then: what stands behind it holds the objects in memory.
   */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, or, where `wipe` says so, without them; it must have been killed. */
  restart(options?: { readonly wipe?: boolean }): Promise<void>;
  /** Stops all processes of it where they are: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** What its processes have printed. */
  output(): string;
  /** Ends it for good, and removes its folder. */
  stop(): Promise<void>;
}

/** How an engine is found and run. */
export interface EngineKind {
  readonly name: EngineName;
  /** What holds the URL of a server that is there already. */
  readonly variable: `TEST_${string}_URL`;
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
  /** What is needed and not there; undefined where all is. */
  missing(): string | undefined;
  /** Says how to run one on this ground. */
  recipe(ground: Ground): Recipe;
  /** Makes a place on any server of this kind. */
  place(url: string): Promise<Place>;
}

/** What a server is given of the machine. */
export interface Ground {
  /** Empty; goes with the server. */
  readonly folder: string;
  readonly host: '127.0.0.1';
  /** A free port; each call another, the same each time for one name. */
  port(name: string): number;
  readonly args: readonly string[];
}

export interface Recipe {
  readonly url: string;
  /** Lays out the empty folder. */
  prepare(run: RunToEnd): Promise<void>;
  /** Started in this order. */
  readonly daemons: readonly DaemonRecipe[];
  /** Resolves when the server answers; asked again and again while it throws. */
  answers(): Promise<unknown>;
  /** When it differs from the kind's: there is more room on a server of our own. */
  place?(): Promise<Place>;
}

export interface DaemonRecipe {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How it ends at once and leaves nothing in the system; SIGKILL where this says nothing. */
  readonly stop?: NodeJS.Signals;
  /** Removes what a SIGKILL makes it leave in the system. */
  clean?(run: RunToEnd): Promise<void>;
  /** Goes on when the engine is killed. */
  readonly survives?: boolean;
  /** The account to run as. */
  readonly as?: Account;
  /** Done before its first start, when those before it run. */
  before?(run: RunToEnd): Promise<void>;
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Runs a program to its end; throws, with what it printed, when it fails. */
export type RunToEnd = (command: string, args: readonly string[], options?: { as?: Account }) => Promise<void>;
