/** Milliseconds that a request gets to come to its end when its caller has gone away. */
const GRACE = 3_000;

/**
 * Does something that should rather end than be aborted, because only its end tells what there is to be cleared up:
 * its signal fires a while after the caller's.
 */
export async function withGrace<T>(
  caller: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => late.abort(caller?.reason), GRACE);
  };
  if (caller?.aborted) onAbort();
  caller?.addEventListener('abort', onAbort, { once: true });
  try {
    return await act(late.signal);
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener('abort', onAbort);
  }
}
