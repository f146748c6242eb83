/** What a scenario found. `ratio` is ours beside the limit of the same run, the median of rounds taken in turn. */
export interface Finding {
  readonly what: string;
  readonly ours: string;
  /** What the limit or peer did; empty where the target is absolute. */
  readonly limit: string;
  readonly ratio: string;
  readonly target: string;
  readonly met: boolean;
  /** CPU per operation and peak memory, ours and the limit's. */
  readonly cost: string;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  run(rounds: number): Promise<Finding[]>;
}
