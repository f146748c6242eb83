import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './error.mjs';
import { CONNECTION, install } from './install.mjs';

/**
 * Makes node_modules what package-lock.json says. A file in node_modules names the lock that it was made from; one that
 * was made by npm itself is taken as it is where npm's own record of it agrees with the lock.
 *
 * @param {boolean} options.development whether development dependencies are needed
 */
export async function ensureDependencies(root, node, { development }) {
  const text = readFileSync(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(text).digest('hex');
  const modules = join(root, 'node_modules');

  const isComplete = (folder) => {
    const made = read(markerOf(folder));
    return made === markerText(hash, true) || (!development && made === markerText(hash, false));
  };
  if (isComplete(modules)) return;

  const lock = JSON.parse(text);
  const mark = (folder) => writeFileSync(markerOf(folder), markerText(hash, agrees(folder, lock, true)));
  if (agrees(modules, lock, development)) {
    try {
      mark(modules);
    } catch {
      // Where nothing can be written, the record is compared at each start.
    }
    return;
  }

  console.error('holdfast: installing dependencies …');
  await install({
    root,
    folder: root,
    node,
    args: ['--include=optional', ...(development ? ['--include=dev'] : [])],
    advice: CONNECTION,
    isComplete,
    finish(made) {
      // npm does not mind when an optional package cannot be fetched; we do where it is the one for this machine.
      if (!agrees(made, lock, development)) {
        throw new LaunchError(`Not all dependencies could be fetched. ${CONNECTION}`);
      }
      mark(made);
    },
  });
}

const markerOf = (modules) => join(modules, '.made-from');
const markerText = (hash, development) =>
  [hash, `${process.platform}-${process.arch}`, development ? 'all' : 'production'].join(' ');

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Whether npm installed what the lock says, by the record that it writes when it is done. */
function agrees(modules, lock, development) {
  const record = read(join(modules, '.package-lock.json'));
  if (!record) return false;
  const installed = JSON.parse(record).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '' || (wanted.dev && !development) || !isForHere(wanted)) return true;
    const { version, integrity } = installed[path] ?? {};
    const there = existsSync(join(modules, '..', path, 'package.json'));
    return there && version === wanted.version && integrity === wanted.integrity;
  });
}

/** Whether a package belongs on this machine; an optional one that names no machine is for those without a binary. */
function isForHere({ optional, os, cpu, libc }) {
  if (!optional) return true;
  if (!os?.includes(process.platform) || !cpu?.includes(process.arch)) return false;
  return !libc || libc.includes(thisLibc());
}

function thisLibc() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}
