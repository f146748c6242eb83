import { HoldfastError } from '../../base/errors.ts';

/** Answers a call under way with an error, now. */
type GiveUp = (error: HoldfastError) => void;

/** Lets so many calls in at a time: one server, all connections together. */
export class Gate {
  readonly #limit: number;
  readonly #underWay = new Set<GiveUp>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `unavailable` where the server has enough to do. */
  enter(call: GiveUp): void {
    if (this.#underWay.size >= this.#limit) {
      throw new HoldfastError('unavailable', 'The server has too much to do just now. Try again in a moment.', {
        retryAfter: 1,
      });
    }
    this.#underWay.add(call);
  }

  leave(call: GiveUp): void {
    this.#underWay.delete(call);
  }

  giveUpAll(error: HoldfastError): void {
    for (const call of this.#underWay) call(error);
  }
}
