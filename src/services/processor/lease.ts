import { hasCode } from '../../base/errors.ts';

export interface LeaseOptions {
  /** Milliseconds that it lasts from each extension. */
  readonly duration: number;
  readonly extend: () => Promise<unknown>;
  /** It is another's by now, or its file is gone. Told once. */
  readonly onLost: (error: unknown) => void;
  /** An extension failed for a passing reason. */
  readonly onError: (error: unknown) => void;
}

/** Codes that say: this work is not ours to end any more. */
export const isLost = (error: unknown): boolean => hasCode(error, 'lease_lost', 'not_found', 'gone');

/** Extends a lease each third of its time, until it is let go or lost. */
export function keepLease({ duration, extend, onLost, onError }: LeaseOptions): { letGo(): void } {
  let extending = false;
  const timer = setInterval(() => {
    if (extending) return;
    extending = true;
    extend()
      .catch((error: unknown) => {
        if (!isLost(error)) return onError(error);
        clearInterval(timer);
        onLost(error);
      })
      .finally(() => {
        extending = false;
      });
  }, duration / 3);
  timer.unref();
  return { letGo: () => clearInterval(timer) };
}
