import { Closers } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import { objectsPlaceOf } from '../drivers/objects/index.ts';
import { openStoreEvents } from '../drivers/store-events/index.ts';
import type { StoreEvents } from '../drivers/store-events/port.ts';
import type { Answers } from '../rpc/contracts.ts';
import { createIngest, type Ingest } from '../services/ingest/index.ts';
import { named } from './drivers.ts';
import { StartError } from './start-error.ts';

export interface OpenIngest extends Ingest {
  /** Disconnects; what was started is stopped before. */
  close(): Promise<void>;
}

/** Opens all that is to be heard. Throws `StartError`, with all of it closed again, where something cannot be. */
export async function ingestOn(
  { files: { uploads } }: { readonly files: Pick<Answers<'files'>, 'uploads'> },
  config: Pick<Config, 'ingestUrl' | 'ingestSecret' | 'storageUrl'>,
  log: Logger,
): Promise<OpenIngest> {
  const own = named(log, 'ingest');
  const closers = new Closers();
  const close = () => closers.close((name, error) => own.error({ err: error }, `could not close ${name}`));
  try {
    const place = await objectsPlaceOf(config.storageUrl);
    if (!place) throw new Error('INGEST_URL: a store on the disk has no events.');
    const sources: StoreEvents[] = [];
    for (const url of config.ingestUrl ?? []) {
      const source = await openStoreEvents(url, { log: own });
      closers.add('what the object store says', () => source.close());
      sources.push(source);
    }
    return { ...createIngest({ uploads, place, sources, secret: config.ingestSecret, log: own }), close };
  } catch (error) {
    await close();
    throw new StartError((error as Error).message, error);
  }
}
