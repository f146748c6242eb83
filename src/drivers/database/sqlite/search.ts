import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { SearchIndex, TextSearch } from '../port.ts';
import { rarestRuns } from '../rarest-runs.ts';
import { isCommon, keepingSamples, type Sample } from '../sample.ts';

/**
 * The table's own row number, to which the index refers. Declared, because otherwise VACUUM may number the rows anew
 * (sqlite.org/rowidtable.html).
 */
const ROW_NUMBER = 'row_number';

const indexName = ({ table, column }: SearchIndex) => `${table}_${column}_search`;

/** `Dialect.contains`. By instr and not LIKE, which folds ASCII and has wildcards. No text holds a NUL character. */
export function holds(text: Expression<string>, part: string): RawBuilder<SqlBool> {
  return part.includes('\0') ? sql`false` : sql`instr(${text}, ${part}) > 0`;
}

/**
 * A full-text index of all runs of three characters (sqlite.org/fts5.html, "The Trigram Tokenizer"), kept by triggers.
 * It holds no copy of the texts and not where in a text a run stands (`detail = none`), which makes it small and quick
 * to write; that the runs stand together is checked on the text. What a sample of the texts says that many hold is looked
 * for along the order of the list instead: it is found there soon, and the index would bring the rows of everybody.
 */
export const search: TextSearch = {
  addKey: (table, column, type) =>
    table
      .addColumn(ROW_NUMBER, 'integer', (definition) => definition.primaryKey())
      .addColumn(column, type, (definition) => definition.notNull().unique()),

  async create(db, index) {
    const { table, column } = index;
    const name = indexName(index);
    const [fts, source, text, key] = [name, table, column, ROW_NUMBER].map((id) => sql.id(id));
    const [oldKey, oldText] = [sql.id('old', ROW_NUMBER), sql.id('old', column)];
    const [newKey, newText] = [sql.id('new', ROW_NUMBER), sql.id('new', column)];
    const forget = sql`insert into ${fts} (${fts}, rowid, ${text}) values ('delete', ${oldKey}, ${oldText})`;
    const learn = sql`insert into ${fts} (rowid, ${text}) values (${newKey}, ${newText})`;

    await sql`create virtual table ${fts} using fts5(${text}, content=${sql.lit(table)}, content_rowid=${sql.lit(ROW_NUMBER)},
      tokenize='trigram case_sensitive 1', detail=none, columnsize=0)`.execute(db);
    await sql`insert into ${fts} (${fts}) values ('rebuild')`.execute(db);
    await sql`create trigger ${sql.id(`${name}_insert`)} after insert on ${source} begin ${learn}; end`.execute(db);
    await sql`create trigger ${sql.id(`${name}_delete`)} after delete on ${source} begin ${forget}; end`.execute(db);
    await sql`create trigger ${sql.id(`${name}_update`)} after update of ${text}, ${key} on ${source}
      when ${oldText} is not ${newText} or ${oldKey} is not ${newKey} begin ${forget}; ${learn}; end`.execute(db);
  },

  async renew() {},

  matches: (index, part) => matching(index, part, []),

  matchesAmong: async (db, index, _rows, part) => matching(index, part, await sampleOf(db, index)),
};

function matching(index: SearchIndex, part: string, sample: Sample): RawBuilder<SqlBool> {
  const inText = holds(sql.ref<string>(`${index.table}.${index.column}`), part);
  const runs = part.includes('\0') ? [] : rarestRuns(part, 3, sample);
  // One or two characters are in no run; nor are they rare, so that a page of matches is soon full.
  if (runs.length === 0 || isCommon(part, sample)) return inText;
  const query = runs.map((run) => `"${run.replaceAll('"', '""')}"`).join(' AND ');
  const [fts, key] = [sql.id(indexName(index)), sql.ref(`${index.table}.${ROW_NUMBER}`)];
  return sql`(${key} in (select rowid from ${fts} where ${fts} match ${query}) and ${inText})`;
}

/** Rows of the sample. A prime, so that it is not just the round numbers that names are given in turn. */
const SAMPLED = 499;

/** Rows that are taken evenly from all. */
const sampleOf = keepingSamples(async (db, { table, column }) => {
  const key = sql.ref(ROW_NUMBER);
  const { rows } = await sql<{ text: string | null }>`with recursive
      last (number) as (select max(${key}) from ${sql.table(table)}),
      steps (step) as (select 1 union all select step + 1 from steps where step < ${sql.lit(SAMPLED)})
    select ${sql.ref(column)} as text from ${sql.table(table)}
    where ${key} in (select (number * step + ${sql.lit(SAMPLED - 1)}) / ${sql.lit(SAMPLED)} from last, steps)`.execute(
    db,
  );
  return rows.map(({ text }) => ({ text: text ?? '', share: 1 / rows.length }));
});
