import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import type { Law } from '../../laws.ts';
import { addCounter, counterNames, namesAndSum, type Place, type Tables } from './place.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

export function durabilityLaws(law: Law, place: Place): void {
  law('has all that it answered for after the process was killed', async () => {
    const { url, dataDir } = place.started;
    await place.db.unit((tx) => addCounter(tx, 'sum'));
    const writer = spawn(process.execPath, [WRITER, url, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const answered: string[] = [];
    for await (const name of createInterface({ input: writer.stdout })) {
      answered.push(name);
      if (answered.length === 300) writer.kill('SIGKILL');
    }
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    expect(writer.signalCode).toBe('SIGKILL');

    const { names: there, sum } = await namesAndSum((await place.another()).view<Tables>());
    expect(answered.length).toBeGreaterThanOrEqual(300);
    expect(answered.filter((name) => !there.includes(name))).toEqual([]);
    // What was not answered is whole or not there: each unit added a row and counted it.
    expect(there.length - 1).toBe(sum);
  });

  law('ends the units that were asked for before it closes, and refuses all later ones', async () => {
    const asked = Array.from({ length: 300 }, (_, number) => place.db.unit((tx) => addCounter(tx, `n${number}`)));
    const closing = place.server.close();
    const refused = place.db.unit((tx) => addCounter(tx, 'late'));
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
    await Promise.all(asked);
    await closing;
    await place.server.close();
    for (const late of [
      place.db.unit((tx) => addCounter(tx, 'late')),
      counterNames(place.db),
      place.db.probe(AbortSignal.timeout(5_000)),
      place.db.migrate('late', []),
    ]) {
      await expect(late).rejects.toBeInstanceOf(HoldfastError);
    }
    const again = (await place.another()).view<Tables>();
    expect(await counterNames(again)).toHaveLength(300);
  });

  law('can be probed while it is open', async () => {
    await place.db.probe(AbortSignal.timeout(5_000));
    await expect(place.db.probe(AbortSignal.abort())).rejects.toThrow();
  });
}
