import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '../start-error.ts';

/** Where an installation is, or is to be. */
export interface Side {
  readonly databaseUrl: string;
  readonly storageUrl: string;
  /** Where it was named by one, or keeps its database in one. */
  readonly dataDir: string | undefined;
}

const DATABASES = ['sqlite', 'postgres', 'postgresql', 'mysql', 'mariadb'];
const STORES = ['file', 's3'];

const schemeOf = (part: string): string | undefined => /^([a-z][a-z0-9+.-]*):/i.exec(part)?.[1]?.toLowerCase();

/**
 * Reads a list of URLs, told apart by their schemes: a database and an object store, or a data directory, which stands
 * for whichever of both is not named.
 */
export function readSide(list: string, option: string): Side {
  const listed = list.split(/[\s,]+/).filter(Boolean);
  // A folder may have blanks and commas in its name; where they divide a list, some of its parts are URLs.
  const parts = listed.length > 0 && listed.every((part) => schemeOf(part) === undefined) ? [list.trim()] : listed;
  const of = (schemes: readonly string[]) => parts.filter((part) => schemes.includes(schemeOf(part) ?? ''));
  const [databases, stores] = [of(DATABASES), of(STORES)];
  const folders = parts.filter((part) => schemeOf(part) === undefined);
  if (databases.length + stores.length + folders.length < parts.length || parts.length === 0) {
    throw misread(option, 'a part of it is neither a database, nor an object store, nor a folder');
  }
  if (databases.length > 1 || stores.length > 1 || folders.length > 1) throw misread(option, 'it names two of a kind');
  const [folder] = folders;
  const named = folder === undefined ? undefined : resolve(folder);
  const databaseUrl = databases[0] ?? (named && 'sqlite:');
  const storageUrl = stores[0] ?? (named && 'file:');
  if (!databaseUrl) throw misread(option, 'the database is not named');
  if (!storageUrl) throw misread(option, 'the object store is not named');
  const file = sqliteFile(databaseUrl, named);
  const whole = {
    databaseUrl: file === undefined ? databaseUrl : `sqlite:${encodeURI(file)}`,
    storageUrl: storeUrl(storageUrl, named),
  };
  if (whole.databaseUrl === 'sqlite:') throw misread(option, '"sqlite:" alone needs the data directory beside it');
  if (whole.storageUrl === 'file:') throw misread(option, '"file:" alone needs the data directory beside it');
  return { ...whole, dataDir: named ?? dataDirOf(file) };
}

/** The embedded database's file; undefined for a database that is none, or not written as one. */
export function sqliteFile(url: string, dataDir?: string): string | undefined {
  if (schemeOf(url) !== 'sqlite') return undefined;
  const path = decoded(url.replace(/^sqlite:(\/\/(?=\/))?/i, ''));
  if (path === '') return dataDir && join(dataDir, 'holdfast.db');
  return path && resolve(path);
}

/** The folder of a store on the disk; undefined for a store that is none, or not written as one. */
export function storeFolder(url: string, dataDir?: string): string | undefined {
  if (schemeOf(url) !== 'file') return undefined;
  const path = url.slice('file:'.length);
  if (path === '') return dataDir && join(dataDir, 'objects');
  const folder = path.startsWith('//') ? attempt(() => fileURLToPath(url)) : decoded(path);
  return folder && resolve(folder);
}

const decoded = (text: string) => attempt(() => decodeURIComponent(text));

function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function storeUrl(url: string, dataDir: string | undefined): string {
  if (schemeOf(url) !== 'file') return url;
  if (url === 'file:') return dataDir === undefined ? url : `file:${encodeURI(join(dataDir, 'objects'))}`;
  const folder = storeFolder(url);
  if (folder === undefined || !isAbsolute(folder)) return url;
  return `file:${encodeURI(folder)}`;
}

/** A database of this name in a folder is what a server with that DATA_DIR has. */
const dataDirOf = (file: string | undefined) =>
  file?.endsWith('/holdfast.db') ? file.slice(0, -'/holdfast.db'.length) : undefined;

const misread = (option: string, what: string) =>
  new StartError(
    `${option}: ${what}. Expected a data directory, or a database and an object store, such as ` +
      '"postgres://user:password@host/database s3://bucket".',
  );

/** Throws where both sides are one place in any part. */
export function checkApart(from: Side, to: Side): void {
  const same = (one: string, other: string) => one.replace(/\/+$/, '') === other.replace(/\/+$/, '');
  if (same(from.databaseUrl, to.databaseUrl)) throw new StartError(`--from and --to name the same database. ${BOTH}`);
  if (same(from.storageUrl, to.storageUrl)) {
    throw new StartError(`--from and --to name the same object store. ${BOTH}`);
  }
}

const BOTH = 'One of the two cannot be moved alone: name an empty database and an empty object store after --to.';
