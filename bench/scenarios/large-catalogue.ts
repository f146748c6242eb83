import pg from 'pg';
import { withEngine } from '../engines.ts';
import { Connection, head } from '../http.ts';
import { median } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { type Server, signUp, startHoldfast } from '../servers.ts';

const OWNED = 1_000_000;
const OTHERS = 4_000;
const EACH = 1_000;
const TOTAL = OWNED + OTHERS * EACH;
/** Milliseconds. */
const TARGET = 5;
const REQUESTS = 100;

/** Rows like those of confirmed uploads, straight into the tables: as many uploads would take hours. */
async function fill(url: string, ownerId: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('set synchronous_commit = off');
    // The time of a UUIDv7 is where the list's order has it (RFC 9562, 5.7).
    await client.query(
      `insert into files (id, owner_id, owner_key, name, name_key, folder, content_type, size, sha256, metadata, status,
         visibility, object_key, jobs_total, jobs_finished, jobs_failed, attempts, apart, sequence, created_at, updated_at,
         uploaded_at)
       select id, owner, 'bench', name, name, 'folder ' || n % 50, 'text/plain', n % 5000, 'bench', '{}', 'uploaded',
         'private', 'bench/' || id, 0, 0, 0, 0, 0, 1, at, at, at
       from (
         select n, at, lpad(to_hex(at / 65536), 8, '0') || '-' || lpad(to_hex(at % 65536), 4, '0') || '-7' ||
             substr(md5(n::text), 1, 3) || '-8' || substr(md5(n::text), 4, 3) || '-' || substr(md5(n::text), 7, 12) as id,
           case when n % 5 = 0 then $1 else 'owner ' || n % $3 end as owner,
           'report ' || n || ' ' || substr(md5(n::text), 20, 6) || '.txt' as name
         from (select n, $4::bigint + n * 10 as at from generate_series(1, $2::bigint) n) numbered
       ) rows`,
      [ownerId, TOTAL, OTHERS, Date.now() - TOTAL * 10],
    );
    await client.query('vacuum analyze files');
  } finally {
    await client.end();
  }
}

async function timesOf(connection: Connection, path: string, headers: Record<string, string>): Promise<number> {
  const times: number[] = [];
  for (let request = 0; request < REQUESTS; request++) {
    const started = performance.now();
    const { status } = await connection.send(head('GET', path, headers));
    if (status !== 200) throw new Error(`${path} was answered ${status}.`);
    times.push(performance.now() - started);
  }
  return median(times);
}

/** A cursor behind so many files, along the pages' own order. */
async function cursorAfter(connection: Connection, headers: Record<string, string>, query: string, pages: number) {
  let cursor = '';
  for (let page = 0; page < pages; page++) {
    const path = `/api/files?limit=200${query}${cursor && `&cursor=${cursor}`}`;
    const answer = await connection.send(head('GET', path, headers), undefined, true);
    cursor = JSON.parse(String(answer.body)).nextCursor;
  }
  return cursor;
}

async function measure(server: Server, headers: Record<string, string>, rounds: number): Promise<Finding[]> {
  const connection = await Connection.open(server.url);
  const deep = await cursorAfter(connection, headers, '', 500);
  const deepByName = await cursorAfter(connection, headers, '&sort=name', 500);
  const pages: readonly (readonly [string, string])[] = [
    ['the first page', '/api/files?limit=50'],
    ['a page after 100,000 files', `/api/files?limit=50&cursor=${deep}`],
    ['the first page by name', '/api/files?limit=50&sort=name'],
    ['a page by name after 100,000', `/api/files?limit=50&sort=name&cursor=${deepByName}`],
    ['the first page of a folder', '/api/files?limit=50&folder=folder%2020'],
    ['search for what one name holds', '/api/files?limit=50&q=report%202500000'],
    ['search for what some names hold', '/api/files?limit=50&q=99999'],
    ['search for what every name holds', '/api/files?limit=50&q=report'],
    ['search for what no name holds', '/api/files?limit=50&q=zzzzzz'],
  ];
  const found: Finding[] = [];
  for (const [what, path] of pages) {
    const times: number[] = [];
    for (let round = 0; round <= rounds; round++) times.push(await timesOf(connection, path, headers));
    const time = median(times.slice(1));
    const shown = `${time.toFixed(2)} ms`;
    found.push({ what, ours: shown, limit: '', ratio: '', target: `< ${TARGET} ms`, met: time < TARGET, cost: '' });
  }
  connection.close();
  return found;
}

export const largeCatalogue: Scenario = {
  name: 'catalogue',
  about: `an owner with ${OWNED.toLocaleString('en')} files of ${TOTAL.toLocaleString('en')} on PostgreSQL, over HTTP`,
  run: (rounds) =>
    withEngine('postgres', async ({ url }) => {
      const server = await startHoldfast({
        DATABASE_URL: url,
        JWT_SECRET: 'a secret of the bench, and of nobody else',
      });
      try {
        const headers = await signUp(server.url);
        const connection = await Connection.open(server.url);
        const me = await connection.send(head('GET', '/api/auth/me', headers), undefined, true);
        connection.close();
        await fill(url, JSON.parse(String(me.body)).id);
        // Anew: what was signed in before may be over by now.
        return await measure(server, await signUp(server.url), rounds);
      } finally {
        await server.stop();
      }
    }),
};
