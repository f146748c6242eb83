import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId } from '../../src/base/ids.ts';
import { Connection, head } from '../http.ts';
import { median } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { signUp, startHoldfast } from '../servers.ts';

const FILES = 100_000;
const DEEP = 90_000;
const PAGE = 200;
const REQUESTS = 200;

/** Puts rows like those of confirmed uploads straight into the table: 100,000 uploads would take minutes. */
function fill(folder: string, ownerId: string): void {
  const db = new DatabaseSync(join(folder, 'data', 'holdfast.db'), { timeout: 10_000 });
  const insert = db.prepare(
    `insert into files (id, owner_id, owner_key, name, name_key, folder, content_type, size, sha256, metadata, status, visibility,
       object_key, jobs_total, jobs_finished, jobs_failed, attempts, apart, sequence, created_at, updated_at, uploaded_at)
     values (?, ?, 'bench', ?, ?, '', 'text/plain', ?, 'bench', '{}', 'uploaded', 'private', ?, 0, 0, 0, 0, 0, 1, ?, ?, ?)`,
  );
  db.exec('begin');
  const now = Date.now();
  for (let index = 0; index < FILES; index++) {
    const id = newId();
    const name = `report ${(index * 7919) % FILES}.txt`;
    const at = now - (FILES - index) * 1000;
    insert.run(id, ownerId, name, name, index % 5000, `bench/${id}/original.txt`, at, at, at);
  }
  db.exec('commit');
  db.close();
}

export const listing: Scenario = {
  name: 'listing',
  about: `an owner with ${FILES.toLocaleString('en')} files: pages of ${PAGE}, the first beside one after ${DEEP.toLocaleString('en')}`,
  async run(rounds) {
    const server = await startHoldfast();
    try {
      const headers = await signUp(server.url);
      const connection = await Connection.open(server.url);
      const get = async (path: string) => {
        const answer = await connection.send(head('GET', path, headers), undefined, true);
        if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${answer.body}`);
        return JSON.parse(String(answer.body));
      };
      const { id } = await get('/api/auth/me');
      fill(server.folder, id);

      let cursor = '';
      for (let seen = 0; seen < DEEP; seen += PAGE) {
        const page = await get(`/api/files?limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
        cursor = page.nextCursor;
      }
      const time = async (path: string) => {
        const started = performance.now();
        for (let index = 0; index < REQUESTS; index++) await connection.send(head('GET', path, headers));
        return (performance.now() - started) / REQUESTS;
      };
      const first: number[] = [];
      const deep: number[] = [];
      const search: number[] = [];
      for (let round = 0; round <= rounds; round++) {
        const times = [
          await time(`/api/files?limit=${PAGE}`),
          await time(`/api/files?limit=${PAGE}&cursor=${cursor}`),
          await time(`/api/files?limit=${PAGE}&q=port%2099`),
        ] as const;
        if (round === 0) continue;
        first.push(times[0]);
        deep.push(times[1]);
        search.push(times[2]);
      }
      connection.close();
      const ratio = median(deep.map((value, index) => value / (first[index] as number)));
      const spread = Math.max(ratio, 1 / ratio);
      return [
        {
          what: `a page of ${PAGE} after ${DEEP.toLocaleString('en')} files, beside the first`,
          ours: `${median(deep).toFixed(2)} ms`,
          limit: `${median(first).toFixed(2)} ms`,
          ratio: ratio.toFixed(2),
          target: 'within 1.3',
          met: spread <= 1.3,
          cost: `search by part of a name: ${median(search).toFixed(2)} ms`,
        },
      ];
    } finally {
      await server.stop();
    }
  },
};
