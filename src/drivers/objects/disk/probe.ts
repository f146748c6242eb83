import { link, readFile, unlink } from 'node:fs/promises';
import { HoldfastError } from '../../../base/errors.ts';
import type { Disk } from './disk.ts';
import { storeErrors } from './errors.ts';
import { writeFile } from './write-file.ts';

/** Does once, beside the objects, all that storing one needs. */
export function probe(disk: Disk, signal: AbortSignal): Promise<void> {
  return storeErrors(async () => {
    const written = disk.temporary.path();
    const linked = disk.temporary.path();
    const text = 'probe';
    await writeFile(written, Buffer.from(text), { signal });
    try {
      await link(written, linked);
      const read = await readFile(linked, { encoding: 'utf8', signal });
      if (read !== text)
        throw new HoldfastError('unavailable', 'The object store does not give back what it was given.');
    } finally {
      await unlink(written).catch(() => undefined);
      await unlink(linked).catch(() => undefined);
    }
  });
}
