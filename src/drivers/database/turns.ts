/** Lets one at a time do something, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<R>(action: () => Promise<R>): Promise<R> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
