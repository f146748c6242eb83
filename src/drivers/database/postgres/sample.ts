import { sql } from 'kysely';
import { keepingSamples, type Sample } from '../sample.ts';

/**
 * What the server keeps of a column to plan by (PostgreSQL manual, pg_stats), and renews when a tenth of a table has
 * changed. Of each partition, where there are some: of the table as a whole it keeps nothing by itself.
 */
export const sampleOf = keepingSamples(async (db, { table, column }) => {
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
});
