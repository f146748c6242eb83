import { type Finding, failed, ok } from './finding.ts';

const OLDEST = 24;

export function examineNode(version = process.versions.node): Finding {
  const name = 'Node.js';
  if (Number.parseInt(version, 10) >= OLDEST) return ok(name, version);
  return failed(
    name,
    `${version} is too old; ${OLDEST} or newer is needed.`,
    'Start it with "npm start", which brings its own, or install a newer Node.js.',
  );
}
