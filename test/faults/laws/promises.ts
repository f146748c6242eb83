import sharp from 'sharp';
import type { Api } from '../../harness/client.ts';
import { sha256 } from '../../harness/fixtures.ts';
import { until } from '../../harness/until.ts';
import type { FileView } from '../../harness/views.ts';
import type { Accepted, Ledger } from '../load/ledger.ts';

/** Files that are looked at together. */
const AT_A_TIME = 6;

const ENDED = ['succeeded', 'dead', 'cancelled'];

/** Sends the requests again whose outcome is not known, until each is answered. */
export async function answerAll(api: Api, ledger: Ledger): Promise<void> {
  for (const request of ledger.unanswered.splice(0)) {
    await until(`${request.name} to be answered`, () => request.send(api).then(() => true), { every: 250 });
  }
}

/** Waits until no file of the owner has a job that may still run. */
export async function allJobsEnd(api: Api): Promise<void> {
  for (const status of ['queued', 'running', 'failed']) {
    await until(
      `no job to be ${status}`,
      async () => (await api.expect(200, 'GET', `/api/jobs?status=${status}&limit=1`)).body.items.length === 0,
      { within: 180_000, every: 200 },
    );
  }
}

/** What the API shows against what it promised. Answers what is broken. */
export async function brokenPromises(api: Api, ledger: Ledger): Promise<string[]> {
  const broken = [...ledger.broken];
  const kept = new Map((await api.listAll()).map((file) => [file.id, file]));
  const trashed = new Map((await api.listAll({ trash: 'true' })).map((file) => [file.id, file]));

  const accepted = ledger.accepted.values();
  const look = async () => {
    for (const file of accepted) await lookAt(file);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, look));
  broken.push(...brokenNames(ledger, [...kept.values(), ...trashed.values()]));
  for (const id of ledger.jobs) {
    const { status, body } = await api.call('GET', `/api/jobs/${id}`);
    if (status === 200 && !ENDED.includes(body.status)) broken.push(`job ${id} of ${body.fileId} is ${body.status}`);
  }
  return broken;

  async function lookAt(file: Accepted): Promise<void> {
    const seen = kept.has(file.id) ? 'kept' : trashed.has(file.id) ? 'trashed' : 'purged';
    if (!file.fates.includes(seen)) broken.push(`${file.name} (${file.id}) is ${seen}, not ${file.fates.join(' or ')}`);
    const shown = kept.get(file.id);
    if (shown) broken.push(...(await brokenFile(api, file, shown)));
  }
}

async function brokenFile(api: Api, file: Accepted, shown: FileView): Promise<string[]> {
  const { name, size, sha256: hash, status, processing } = shown;
  const what = `${file.name} (${file.id})`;
  if (status !== 'uploaded' || name !== file.name || size !== file.size || hash !== file.sha256) {
    return [`${what} is shown as ${JSON.stringify({ name, size, hash, status })}`];
  }
  const broken: string[] = [];
  const bytes = await api.content(file.id);
  if (sha256(bytes) !== file.sha256) broken.push(`${what} has other bytes: ${bytes.length} of ${file.size}`);
  if (processing.state === 'running' || processing.finished + processing.failed !== processing.total) {
    broken.push(`${what} has processing ${JSON.stringify(processing)}`);
  }
  for (const { type, width, height } of shown.variants) {
    const variant = await api.content(file.id, { variant: type });
    const image = await sharp(variant)
      .raw()
      .toBuffer({ resolveWithObject: true })
      .then(({ info }) => `${info.width}×${info.height}`, String);
    if (image !== `${width}×${height}`) broken.push(`${what} has a ${type} that is ${image}, not ${width}×${height}`);
  }
  return broken;
}

/** Each name was used for one upload: two files of a name are one too many. */
function brokenNames(ledger: Ledger, files: readonly FileView[]): string[] {
  const accepted = new Set([...ledger.accepted.values()].map(({ name }) => name));
  const broken: string[] = [];
  const seen = new Set<string>();
  for (const { name, id, status } of files) {
    if (status === 'pending') continue;
    if (seen.has(name)) broken.push(`${name} is there twice`);
    seen.add(name);
    if (!accepted.has(name) && !ledger.uncertain.has(name)) broken.push(`nobody was promised ${name} (${id})`);
  }
  return broken;
}
