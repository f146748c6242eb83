/** What a statement does, by its first word. Kysely writes them, and our own begin with the word too. */
const firstWord = (sql: string): string => /^[\s(]*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase() ?? '';

const READS = ['select', 'with', 'show'];
const CHANGES = ['insert', 'update', 'delete'];

export const reads = (sql: string): boolean => READS.includes(firstWord(sql));
export const changesRows = (sql: string): boolean => CHANGES.includes(firstWord(sql));

/** Servers do not prepare everything (dev.mysql.com/doc/refman/8.4/en/sql-prepared-statements.html). */
export const needsText = (sql: string): boolean => !changesRows(sql) && !['select', 'with'].includes(firstWord(sql));
