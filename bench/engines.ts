import type { Place } from '../test/harness/engines/engine.ts';
import { type EngineName, startEngine, whyAbsent } from '../test/harness/engines/index.ts';

/** Tests run their servers without caring for a loss of power; what is measured cares as one in earnest does. */
const DURABLE: Partial<Record<EngineName, readonly string[]>> = {
  postgres: [
    '-c',
    'fsync=on',
    '-c',
    'synchronous_commit=on',
    '-c',
    'full_page_writes=on',
    '-c',
    'shared_buffers=512MB',
  ],
  mysql: ['--innodb-flush-log-at-trx-commit=1', '--innodb-buffer-pool-size=512M'],
  redis: [],
};

/**
 * Gives `work` a place on a server of its own, and another one there if it asks; says so and answers nothing where the
 * server cannot be had.
 */
export async function withEngine<R>(
  name: EngineName,
  work: (place: Place, another: () => Promise<Place>) => Promise<R[]>,
): Promise<R[]> {
  const absent = whyAbsent(name, { own: true });
  if (absent) {
    console.log(`  left out: ${absent}`);
    return [];
  }
  const engine = await startEngine(name, { args: DURABLE[name] ?? [] });
  try {
    const place = await engine.place();
    try {
      return await work(place, () => engine.place());
    } finally {
      await place.stop();
    }
  } finally {
    await engine.stop();
  }
}
