/**
 * What a service says of its tables, for when an installation moves to another database and another object store:
 * every table and every column is named, so that none is forgotten.
 */
export type MovingTables<Tables> = { readonly [T in keyof Tables]-?: MovedTable<Tables[T]> | StayingTable };

export interface StayingTable {
  /** Why its rows mean nothing elsewhere. */
  readonly stays: string;
}

export interface MovedTable<Row> {
  /** The key columns, in this order, tell rows apart and never change; an index has them. */
  readonly columns: { readonly [C in keyof Row]-?: 'key' | 'value' };
  /** For a table whose rows claim an object each. */
  readonly object?: ObjectColumns<keyof Row & string>;
}

/** The columns that tell of a row's object. An object never changes under its key. */
export interface ObjectColumns<Column extends string> {
  /** Null: none. */
  readonly key: Column;
  /** Bytes. */
  readonly size: Column;
  /** Hexadecimal; null where it is not known yet. */
  readonly sha256: Column;
  readonly contentType: Column;
  readonly unless?: Released<Column>;
}

/** Where `column` of the row is not null, it does not claim its object any more. */
interface Released<Column extends string> {
  readonly column: string;
  /** The row is not this one but that of another table whose `key` stands in `by`. */
  readonly of?: { readonly table: string; readonly key: string; readonly by: Column };
}
