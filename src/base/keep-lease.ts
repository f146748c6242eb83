interface LeaseOptions {
  /** Milliseconds that it lasts from each extension. */
  readonly duration: number;
  readonly extend: () => Promise<unknown>;
  /** Whether what `extend` failed with says that the lease is held no more. */
  readonly isLost: (error: unknown) => boolean;
  /** It is another's by now. Told once. */
  readonly onLost: (error: unknown) => void;
  /** An extension failed for a passing reason. */
  readonly onError: (error: unknown) => void;
}

/** Extends a lease each third of its time, until it is let go or lost. */
export function keepLease({ duration, extend, isLost, onLost, onError }: LeaseOptions): { letGo(): void } {
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
