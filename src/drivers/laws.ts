import { expect, it } from 'vitest';

/** What a driver cannot do. Never left out silently: the reason stands in the report. */
export interface Skip {
  readonly reason: string;
  /** Names of laws. */
  readonly tests: readonly string[];
}

/** `Context`: what the hooks before a law have made for it. */
export type Law<Context extends object = object> = (
  name: string,
  holds: (context: Context) => Promise<void> | void,
  timeout?: number,
) => void;

/** For a conformance suite: declares a law as a test, or as a skipped one where the driver says so. */
export function lawsExcept<Context extends object = object>(skips: readonly Skip[] = []): Law<Context> {
  const unknown = new Set(skips.flatMap(({ tests }) => tests));
  it('skips only laws that there are', () => {
    expect([...unknown]).toEqual([]);
  });
  return (name, holds, timeout) => {
    unknown.delete(name);
    const skip = skips.find(({ tests }) => tests.includes(name));
    if (skip) it(name, (context) => context.skip(skip.reason));
    else it<Context>(name, holds, timeout);
  };
}
