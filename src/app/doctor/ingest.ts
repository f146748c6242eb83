import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import { openStoreEvents } from '../../drivers/store-events/index.ts';
import { type Finding, failed, ok } from './finding.ts';

/** Milliseconds that a server has to answer. */
const DEADLINE = 5_000;

/** Whether the object store can be heard where it is said to publish; what a server makes there at its start, this makes. */
export async function* examineIngest(
  { ingestUrl = [] }: Pick<Config, 'ingestUrl'>,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): AsyncGenerator<Finding> {
  for (const url of ingestUrl) {
    try {
      const source = await openStoreEvents(url, { log });
      try {
        await source.probe(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]));
      } finally {
        await source.close();
      }
      yield ok('ingest', 'the object store can be heard');
    } catch (error) {
      // What a driver says names the remedy.
      yield failed('ingest', (error as Error).message);
    }
  }
}
