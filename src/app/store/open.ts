import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import { openObjectsOf } from '../drivers.ts';

/** Nobody is given a URL that is signed here. */
const UNUSED = { publicUrl: () => 'http://localhost', signingKey: new Uint8Array(32) };

/** Opens the object store for a command that looks after it, beside a server too. Throws `StartError`. */
export const openStoreAlone = (config: Config, log: Logger): Promise<ObjectStore> => openObjectsOf(config, UNUSED, log);
