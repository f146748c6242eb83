import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { newId } from '../../../base/ids.ts';
import type { Law } from '../../laws.ts';
import { bodyOf } from './bodies.ts';
import { listAll, newKey, type Place, readBody } from './place.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

export function durabilityLaws(law: Law, place: Place): void {
  law('has all that it answered for, and nothing half-written, after the writer was killed', async () => {
    const prefix = `${newId()}/`;
    for (let round = 0; round < 3; round++) {
      const { url, dataDir } = place.started;
      const writer = spawn(process.execPath, [WRITER, url, dataDir, `${prefix}${round}/`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const answered: string[] = [];
      for await (const key of createInterface({ input: writer.stdout })) {
        answered.push(key);
        if (answered.length === 40 + 13 * round) writer.kill('SIGKILL');
      }
      if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
      expect(writer.signalCode).toBe('SIGKILL');

      const store = await place.another();
      const found = new Set((await listAll(store, `${prefix}${round}/`)).map(({ key }) => key));
      expect(answered.filter((key) => !found.has(key))).toEqual([]);
      for (const key of found) expect((await readBody(store, key)).equals(bodyOf(key))).toBe(true);
      await place.expectNoResidue();
      await store.close();
    }
  });

  law('is seen by all who have it open', async () => {
    const other = await place.another();
    const key = newKey();
    await place.store.put(key, Buffer.from('bytes'));
    expect((await readBody(other, key)).toString()).toBe('bytes');
    await other.delete([key]);
    expect(await place.store.head(key)).toBeUndefined();
    await other.close();
  });

  law('belongs to the one installation that claimed it first', async () => {
    await place.withEmpty(async (store) => {
      expect(await store.installation()).toBeUndefined();
      const [one, other] = [newId(), newId()];
      const claims = await Promise.allSettled([store.claim(one), store.claim(other)]);
      expect(claims.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const owner = await store.installation();
      expect([one, other]).toContain(owner);
      await store.claim(owner as string);
      await expect(store.claim(newId())).rejects.toMatchObject({ code: 'conflict' });
      expect(await store.installation()).toBe(owner);
      expect(await store.list('', { limit: 10 })).toEqual([]);
    });
  });

  law('can be probed', async () => {
    await place.store.probe(AbortSignal.timeout(10_000));
    await expect(place.store.probe(AbortSignal.abort())).rejects.toThrow();
    await place.expectNoResidue();
  });
}
