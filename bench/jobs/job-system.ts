export interface JobRound {
  readonly jobs: number;
  readonly concurrency: number;
}

/** A round that can be run again and again, until the system is closed. */
export interface JobSystem {
  /** Makes so many jobs, has so many at a time done, and answers how many a second were done, from first to last. */
  round(round: JobRound): Promise<number>;
  close(): Promise<void>;
}

/** Runs `begin` for each job, so many at a time, and waits until `ended` was called as often. Answers jobs a second. */
export class Tally {
  #left = 0;
  #done: () => void = () => undefined;

  readonly ended = (): void => {
    this.#left -= 1;
    if (this.#left === 0) this.#done();
  };

  async round({ jobs, concurrency }: JobRound, begin: (index: number) => Promise<unknown>): Promise<number> {
    this.#left = jobs;
    const allEnded = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    const started = performance.now();
    let next = 0;
    const lane = async () => {
      for (let index = next++; index < jobs; index = next++) await begin(index);
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    await allEnded;
    return jobs / ((performance.now() - started) / 1000);
  }
}
