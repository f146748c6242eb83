import { type Channel, connectivityState } from '@grpc/grpc-js';
import type { Address } from '../../base/address.ts';
import type { Logger } from '../../base/logger.ts';
import type { Certificates } from '../tls/certificates.ts';
import { openChannel } from './channel.ts';

export interface ConnectionOptions {
  /** As in the service's certificate. */
  readonly service: string;
  readonly addresses: readonly Address[];
  readonly certificates: Certificates;
  readonly log: Logger;
}

export interface Line {
  readonly channel: Channel;
  calls: number;
  /** It is to be closed when its last call has ended. */
  replaced: boolean;
}

/** A channel that is made anew when certificates change: new calls take the new one, those under way keep theirs. */
export class Connection {
  readonly #log: Logger;
  readonly #unsubscribe: () => void;
  #line: Line;
  #reached = true;

  constructor({ service, addresses, certificates, log }: ConnectionOptions) {
    this.#log = log.child({ target: service });
    const line = (): Line => ({
      channel: openChannel(service, addresses, certificates.current),
      calls: 0,
      replaced: false,
    });
    this.#line = line();
    this.#unsubscribe = certificates.onChange(() => {
      const former = this.#line;
      this.#line = line();
      former.replaced = true;
      if (former.calls === 0) former.channel.close();
    });
  }

  /** A line for one call, to be handed back when the call has ended. */
  take(): Line {
    this.#line.calls += 1;
    return this.#line;
  }

  handBack(line: Line): void {
    line.calls -= 1;
    if (line.calls === 0 && line.replaced) line.channel.close();
  }

  /** Whether no instance can be reached, and trying again at once is of no use. */
  get isDown(): boolean {
    return this.#line.channel.getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
  }

  /** Says in the log, once each time, that nobody can be reached, and that somebody can be again. */
  note(reached: boolean, reason?: unknown): void {
    if (reached === this.#reached) return;
    if (reached) this.#log.info('the service can be reached again');
    else if (this.isDown) this.#log.warn({ err: reason }, 'the service cannot be reached');
    else return;
    this.#reached = reached;
  }

  close(): void {
    this.#unsubscribe();
    this.#line.channel.close();
  }
}
