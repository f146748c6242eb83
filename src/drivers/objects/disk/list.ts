import type { Dirent } from 'node:fs';
import { checkPrefix } from '../keys.ts';
import { checkLimit } from '../limits.ts';
import type { ObjectInfo } from '../port.ts';
import type { Disk } from './disk.ts';
import { storeErrors } from './errors.ts';
import { head } from './head.ts';
import { bucketOf, fromName } from './paths.ts';
import { type Entry, smallest } from './smallest.ts';

/** Entries of a folder that are held at a time. */
const HELD = 1_000;
/** Objects looked at at once. */
const AT_ONCE = 16;

/** Which keys are wanted: those that begin with `prefix` and come after `after`. */
interface Wanted {
  readonly prefix: string;
  readonly after: string;
}

export function list(
  disk: Disk,
  prefix: string,
  { after = '', limit }: { readonly after?: string; readonly limit: number },
): Promise<ObjectInfo[]> {
  return storeErrors(async () => {
    checkPrefix(prefix);
    checkLimit(limit);
    const found: ObjectInfo[] = [];
    let keys: string[] = [];
    const look = async () => {
      for (const info of await Promise.all(keys.map((key) => head(disk, key)))) if (info) found.push(info);
      keys = [];
    };
    for await (const key of keysInOrder(disk, { prefix, after }, limit)) {
      keys.push(key);
      if (keys.length === Math.min(AT_ONCE, limit - found.length)) await look();
      if (found.length === limit) return found;
    }
    await look();
    return found;
  });
}

async function* keysInOrder(disk: Disk, wanted: Wanted, limit: number): AsyncGenerator<string> {
  const isWantedFolder = (text: string) => mayHold(text, wanted);
  const isWantedKey = (text: string) => text.startsWith(wanted.prefix) && text > wanted.after;
  for await (const top of topFolders(disk, wanted.prefix, isWantedFolder, isWantedKey)) {
    if (!top.isFolder) {
      yield top.text;
      continue;
    }
    const folder = `${disk.objects}/${top.name}`;
    const textOf = ({ name }: Dirent) => top.text + fromName(name);
    const only = bucketOf(wanted.prefix.slice(top.text.length));
    const buckets =
      only === undefined
        ? entries(folder, HELD, textOf, isWantedFolder)
        : [{ name: only, text: top.text + fromName(only), isFolder: true }];
    for await (const bucket of buckets) {
      for await (const object of entries(`${folder}/${bucket.name}`, Math.min(limit, HELD), textOf, isWantedKey)) {
        yield object.text;
      }
    }
  }
}

/** The folders of first segments and, among them, the objects whose keys have no other segment. */
function topFolders(
  disk: Disk,
  prefix: string,
  isWantedFolder: (text: string) => boolean,
  isWantedKey: (text: string) => boolean,
): AsyncIterable<Entry> | Entry[] {
  const slash = prefix.indexOf('/');
  if (slash >= 0) return [{ name: prefix.slice(0, slash), text: prefix.slice(0, slash + 1), isFolder: true }];
  const textOf = ({ name }: Dirent) => (name.startsWith('~') ? name.slice(1) : `${name}/`);
  return entries(disk.objects, HELD, textOf, (text) => (text.endsWith('/') ? isWantedFolder(text) : isWantedKey(text)));
}

/** Whether keys that begin with `text` can be among the wanted. */
function mayHold(text: string, { prefix, after }: Wanted): boolean {
  return (text.startsWith(prefix) || prefix.startsWith(text)) && text >= after.slice(0, text.length);
}

/** The wanted entries of a folder in the order of their texts. */
async function* entries(
  folder: string,
  held: number,
  textOf: (entry: Dirent) => string,
  isWanted: (text: string) => boolean,
): AsyncGenerator<Entry> {
  let last = '';
  while (true) {
    const found = await smallest(folder, held, (dirent) => {
      const text = textOf(dirent);
      return text > last && isWanted(text) ? text : undefined;
    });
    yield* found;
    if (found.length < held) return;
    last = found.at(-1)?.text as string;
  }
}
