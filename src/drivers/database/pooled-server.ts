import type { DatabaseServer } from './port.ts';
import type { Underway } from './underway.ts';

interface Closing {
  close(): Promise<void>;
}

/** An open server: `close` lets what is under way end, and then closes the pools of connections. */
export function pooledServer(
  view: DatabaseServer['view'],
  {
    work,
    replica,
    units,
    reads,
  }: {
    readonly work: Underway;
    readonly replica: Closing | undefined;
    readonly units: Closing;
    readonly reads: Closing;
  },
): DatabaseServer {
  let closing: Promise<void> | undefined;
  const close = async () => {
    await work.close();
    await replica?.close();
    await Promise.all([units.close(), reads.close()]);
  };
  return {
    view,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
