/** Looks in a row without a sign of life after which a run is taken for dead. */
export const LOOKS = 15;

/**
 * Tells which runs have fallen silent. Looks are counted, not time: nobody looks while the machine is suspended, and
 * no clock is asked, neither ours, which may be set, nor another machine's.
 */
export class Silence {
  #watched = new Map<string, { readonly sign: number; readonly looks: number }>();

  /** Takes down the last sign of life of each run that there is; answers those that gave none for `LOOKS` looks. */
  look(signs: ReadonlyMap<string, number>): string[] {
    const before = this.#watched;
    this.#watched = new Map(
      Array.from(signs, ([run, sign]) => {
        const last = before.get(run);
        return [run, { sign, looks: last?.sign === sign ? last.looks + 1 : 0 }];
      }),
    );
    return [...signs.keys()].filter((run) => (this.#watched.get(run)?.looks ?? 0) >= LOOKS);
  }
}
