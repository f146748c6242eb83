/**
 * A signal that fires so many milliseconds after another. To be disposed of when it is not needed any more: the other may
 * live as long as the process, and would keep it.
 */
export function linger(signal: AbortSignal, milliseconds: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const onAbort = () => setTimeout(() => controller.abort(signal.reason), milliseconds).unref();
  signal.addEventListener('abort', onAbort, { once: true });
  return { signal: controller.signal, [Symbol.dispose]: () => signal.removeEventListener('abort', onAbort) };
}
