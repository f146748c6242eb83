import { type Kysely, sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { SearchIndex } from '../port.ts';

/** Some texts of a column, each with the share of all texts that it stands for. */
export type Sample = readonly { readonly text: string; readonly share: number }[];

/** Which share of all texts holds the part, as far as the sample tells. */
export const shareOf = (part: string, sample: Sample): number =>
  sample.reduce((sum, { text, share }) => (text.includes(part) ? sum + share : sum), 0);

/** Milliseconds. The server takes a new sample when a tenth of a table has changed; it is the kind of texts that counts. */
const GOOD_FOR = 600_000;
const samples = new WeakMap<object, LRUCache<string, Promise<Sample>>>();

/** What the server keeps of a column to plan by (PostgreSQL manual, pg_stats); empty where it has nothing yet. */
// biome-ignore lint/suspicious/noExplicitAny: it looks at the server's own tables.
export function sampleOf(db: Kysely<any>, { table, column }: SearchIndex): Promise<Sample> {
  const known = samples.get(db) ?? new LRUCache({ max: 100, ttl: GOOD_FOR });
  samples.set(db, known);
  const name = `${table}.${column}`;
  const kept = known.get(name);
  if (kept) return kept;
  const sample = readSample(db, table, column).catch(() => {
    // What is searched for is found without it.
    known.delete(name);
    return [];
  });
  known.set(name, sample);
  return sample;
}

/** Of each partition, where there are some: of the table as a whole the server takes none by itself. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
async function readSample(db: Kysely<any>, table: string, column: string): Promise<Sample> {
  const oid = sql`to_regclass(quote_ident(${table}))`;
  // Texts that occur often are kept with their shares; others stand for what is left.
  const { rows } = await sql<Sample[number]>`with kept as (
      select most_common_vals::text::text[] as often, most_common_freqs as shares,
        histogram_bounds::text::text[] as others, count(*) over () as tables
      from pg_stats where attname = ${column} and not inherited and (schemaname, tablename) in (
        select nspname, relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
        where pg_class.oid = ${oid} or pg_class.oid in (select inhrelid from pg_inherits where inhparent = ${oid})))
    select text, share / tables as share from kept, unnest(often, shares) as listed (text, share)
    union all
    select text, (1 - coalesce((select sum(share) from unnest(shares) as share), 0)) / cardinality(others) / tables
    from kept, unnest(others) as listed (text)`.execute(db);
  return rows;
}
