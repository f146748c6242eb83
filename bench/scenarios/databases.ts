import { withEngine } from '../engines.ts';
import { Connection, head } from '../http.ts';
import { median } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { signUp } from '../servers.ts';
import { CONCURRENCY, COUNT, ours, type Side, uploads } from '../small-files.ts';

const JWT_SECRET = 'a secret of the bench, and of nobody else';
const PAGES = 200;

interface Figures {
  readonly uploads: number;
  /** Milliseconds of CPU per upload, of Holdfast alone. */
  readonly cpu: number;
  /** Milliseconds per page of 50. */
  readonly page: number;
}

async function measure(side: Side, rounds: number): Promise<Figures> {
  const rates: number[] = [];
  const costs: number[] = [];
  const pages: number[] = [];
  const headers = await signUp(side.server.url);
  const connection = await Connection.open(side.server.url);
  for (let round = 0; round <= rounds; round++) {
    const { rate, cpu } = await uploads(side, 202);
    const started = performance.now();
    for (let page = 0; page < PAGES; page++) await connection.send(head('GET', '/api/files?limit=50', headers));
    if (round === 0) continue;
    rates.push(rate);
    costs.push(cpu);
    pages.push((performance.now() - started) / PAGES);
  }
  connection.close();
  return { uploads: median(rates), cpu: median(costs), page: median(pages) };
}

async function on(environment: Record<string, string>, rounds: number): Promise<Figures> {
  const side = await ours(environment);
  try {
    return await measure(side, rounds);
  } finally {
    await side.server.stop();
  }
}

/** One database beside SQLite: nothing is asked of the ratio, it is there to be seen. */
function findings(name: string, figures: Figures, sqlite: Figures): Finding[] {
  const shown = { target: 'none', met: true };
  return [
    {
      ...shown,
      what: `10 KB uploads on ${name}, concurrency ${CONCURRENCY}`,
      ours: `${Math.round(figures.uploads)}/s`,
      limit: `${Math.round(sqlite.uploads)}/s on SQLite`,
      ratio: (figures.uploads / sqlite.uploads).toFixed(2),
      cost: `CPU of Holdfast ${figures.cpu.toFixed(2)} ms (on SQLite ${sqlite.cpu.toFixed(2)})`,
    },
    {
      ...shown,
      what: `a page of 50 on ${name}`,
      ours: `${figures.page.toFixed(2)} ms`,
      limit: `${sqlite.page.toFixed(2)} ms on SQLite`,
      ratio: (figures.page / sqlite.page).toFixed(2),
      cost: '',
    },
  ];
}

export const databases: Scenario = {
  name: 'databases',
  about: `${COUNT} small uploads a round and list pages, on each database, objects on the local disk`,
  async run(rounds) {
    const sqlite = await on({}, rounds);
    const found: Finding[] = [];
    for (const name of ['postgres', 'mysql'] as const) {
      found.push(
        ...(await withEngine(name, async ({ url }) =>
          findings(name, await on({ DATABASE_URL: url, JWT_SECRET }, rounds), sqlite),
        )),
      );
    }
    return found;
  },
};
