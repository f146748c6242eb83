import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { SearchIndex, TextSearch } from '../port.ts';

/** Most grams that are looked up for one part: more hardly narrow it further, and the text itself is checked anyway. */
const MAX_GRAMS = 16;

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
 * to write; that the runs stand together is checked on the text.
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

  matches(index, part) {
    const inText = holds(sql.ref<string>(`${index.table}.${index.column}`), part);
    const grams = gramsOf(part);
    // One or two characters are in no gram; nor are they rare, so that a page of matches is soon full.
    if (grams.length === 0) return inText;
    const query = grams.map((gram) => `"${gram.replaceAll('"', '""')}"`).join(' AND ');
    const [fts, key] = [sql.id(indexName(index)), sql.ref(`${index.table}.${ROW_NUMBER}`)];
    return sql<SqlBool>`(${key} in (select rowid from ${fts} where ${fts} match ${query}) and ${inText})`;
  },

  matchesAmong: async (_db, index, _rows, part) => search.matches(index, part),
};

/** Runs of three code points, taken evenly from the whole part. */
function gramsOf(part: string): string[] {
  if (part.includes('\0')) return [];
  const characters = [...part];
  const step = Math.max(1, Math.ceil((characters.length - 2) / MAX_GRAMS));
  const grams = new Set<string>();
  for (let start = 0; start + 3 <= characters.length; start += step) {
    grams.add(characters.slice(start, start + 3).join(''));
  }
  return [...grams];
}
