import { Readable } from 'node:stream';
import { type Api, UnexpectedAnswer } from '../../harness/client.ts';
import { noise } from '../../harness/fixtures/random.ts';
import { type FixtureName, fixture, sha256 } from '../../harness/fixtures.ts';
import type { Answer } from '../../harness/http.ts';
import type { UploadAnswer, UploadedFile } from '../../harness/views.ts';
import type { Accepted, Fate, Ledger } from './ledger.ts';

/** Who acts, on what, and by what chance. */
export interface Actor {
  readonly api: Api;
  readonly ledger: Ledger;
  /** In [0, 1). */
  readonly random: () => number;
  /** A name that nobody has used. */
  readonly freshName: () => string;
  /** Whether something that the server stands on may be down: then it may say so. */
  readonly outages: boolean;
}

/** One thing that a client does. It throws when the connection breaks off, after the ledger knows what that means. */
export type Action = (actor: Actor) => Promise<void>;

const pick = <T>(random: () => number, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;

const PICTURES: readonly FixtureName[] = ['photo.webp', 'alpha.png', 'pages.pdf', 'truncated.jpg'];

/** How many uploads are pictures. Their processing costs more than all else together. */
const PICTURED = 0.12;

async function content(random: () => number): Promise<Buffer> {
  if (random() < PICTURED) return fixture(pick(random, PICTURES));
  const size = random() < 0.1 ? 3_000_000 * random() : 200_000 * random();
  return noise(Math.floor(size), Math.floor(random() * 2 ** 32));
}

function note(ledger: Ledger, name: string, bytes: Buffer, answer: Answer, file: UploadedFile | undefined): void {
  if (answer.status === 202 && file) {
    ledger.accept({ id: file.id, name, sha256: sha256(bytes), size: bytes.length });
    for (const job of file.jobs ?? []) ledger.jobs.add(job.id);
  } else if (answer.status >= 500) {
    ledger.uncertain.add(name);
  } else {
    ledger.broken.push(`uploading ${name} answered ${answer.status} ${answer.bytes}`);
  }
}

const uploadRaw: Action = async ({ api, ledger, random, freshName }) => {
  const name = freshName();
  const bytes = await content(random);
  const key = random() < 0.5 ? { 'idempotency-key': `key-${name}` } : undefined;
  const unknownLength = random() < 0.4;
  const send = async (as: Api) => {
    const body = unknownLength ? Readable.from([bytes.subarray(0, 1_000), bytes.subarray(1_000)]) : bytes;
    const answer = await as.sendRaw(body, { name, headers: key ?? {} });
    if (answer.body?.code === 'idempotency_in_flight') throw new StillInFlight(name);
    note(ledger, name, bytes, answer, answer.body?.files?.[0]);
  };
  try {
    await send(api);
  } catch (error) {
    if (key) ledger.unanswered.push({ name, send });
    else ledger.uncertain.add(name);
    throw error;
  }
};

/** The request before it holds the key still: it may be answered, or the server has not yet seen that it died. */
export class StillInFlight extends Error {}

const sendAgain: Action = async ({ api, ledger, random }) => {
  const [request] = ledger.unanswered.splice(Math.floor(random() * ledger.unanswered.length), 1);
  if (!request) return;
  try {
    await request.send(api);
  } catch (error) {
    ledger.unanswered.push(request);
    if (!(error instanceof StillInFlight)) throw error;
  }
};

const uploadForm: Action = async ({ api, ledger, random, freshName, outages }) => {
  const files = await Promise.all(
    Array.from({ length: 1 + Math.floor(random() * 3) }, async () => ({
      name: freshName(),
      bytes: await content(random),
    })),
  );
  const parts = files.map(({ name, bytes }) => ({ field: 'file', filename: name, content: bytes }));
  let answer: Answer;
  try {
    answer = await api.sendForm(parts);
  } catch (error) {
    for (const { name } of files) ledger.uncertain.add(name);
    throw error;
  }
  const accepted: readonly UploadedFile[] = answer.body?.files ?? [];
  const errors: UploadAnswer['errors'] = answer.body?.errors ?? [];
  for (const [part, { name, bytes }] of files.entries()) {
    const isDown = errors.some((error) => error.part === part && error.code === 'unavailable');
    const file = accepted.find((each) => each.name === name);
    if (outages && isDown) ledger.uncertain.add(name);
    else note(ledger, name, bytes, answer, file);
  }
};

const uploadSigned: Action = async ({ api, ledger, random, freshName, outages }) => {
  const name = freshName();
  const bytes = await content(random);
  // Whatever happens before the answer to the last request, the janitor may still confirm it.
  ledger.uncertain.add(name);
  const { file, upload } = await api.begin({ name, size: bytes.length, sha256: sha256(bytes) });
  if (random() < 0.1) return;
  const sent = await api.put(upload.url, bytes, upload.headers);
  if (sent.status !== 200) throw new UnexpectedAnswer('PUT', sent);
  if (random() < 0.1) return;
  const answer = await api.call('POST', `/api/uploads/${file.id}/confirm`, { json: {} });
  // The answer of an earlier try was lost, and who made that try is frozen or gone: the janitor will see to it.
  if (outages && answer.body?.code === 'upload_busy') return;
  if (answer.status !== 202) throw new UnexpectedAnswer('confirm', answer);
  ledger.uncertain.delete(name);
  note(ledger, name, bytes, answer, answer.body.file);
};

/** An upload in parts that never gets all of them: of its five parts the short one at the end is sent. */
const uploadPart: Action = async ({ api, random, freshName }) => {
  const rest = 1 + Math.floor(random() * 10_000);
  const { file, upload } = await api.begin({ name: freshName(), size: 64 * 1024 ** 2 + rest });
  const last = upload.parts.at(-1);
  if (!last) throw new Error('no parts were signed');
  const sent = await api.put(last.url, noise(rest, rest));
  if (sent.status !== 200) throw new UnexpectedAnswer('PUT of a part', sent);
  if (random() < 0.5) await api.expect(204, 'DELETE', `/api/uploads/${file.id}`);
};

const someFile = ({ ledger, random }: Actor, fate: Fate): Accepted | undefined => {
  const files = [...ledger.accepted.values()].filter(
    ({ fates, leftAlone }) => !leftAlone && fates.length === 1 && fates[0] === fate,
  );
  return files.length === 0 ? undefined : pick(random, files.slice(-200));
};

const changeFate =
  (from: Fate, to: Fate, method: string, path: (id: string) => string): Action =>
  async (actor) => {
    const file = someFile(actor, from);
    if (!file) return;
    const { settle } = actor.ledger.attempt(file, to);
    const answer = await actor.api.call(method, path(file.id));
    if (answer.status < 300) settle(true);
    else if (answer.status < 500) {
      settle(false);
      actor.ledger.broken.push(
        `${method} of ${file.name}, which is ${from}, answered ${answer.status} ${answer.bytes}`,
      );
    }
  };

const trash = changeFate('kept', 'trashed', 'DELETE', (id) => `/api/files/${id}`);
const restore = changeFate('trashed', 'kept', 'POST', (id) => `/api/files/${id}/restore`);
const purge = changeFate('trashed', 'purged', 'DELETE', (id) => `/api/files/${id}?permanent=true`);

const askForVariant: Action = async (actor) => {
  const file = someFile(actor, 'kept');
  if (!file) return;
  const json = { processor: 'resize', options: { width: 50 + Math.floor(actor.random() * 200) } };
  const { status, body } = await actor.api.call('POST', `/api/files/${file.id}/variants`, { json });
  if (status === 202) actor.ledger.jobs.add(body.id);
};

const read: Action = async (actor) => {
  const file = someFile(actor, 'kept');
  if (!file) return;
  const { changes } = file;
  const { status, bytes } = await actor.api.call('GET', `/api/files/${file.id}/content`);
  if (status === 503 && actor.outages) return;
  if (status === 200 ? sha256(bytes) !== file.sha256 : file.changes === changes) {
    actor.ledger.broken.push(
      `reading ${file.name} (${file.id}) answered ${status} with ${bytes.length} of ${file.size} bytes`,
    );
  }
};

const list: Action = async ({ api, ledger }) => {
  for (const { name, status } of (await api.list({ limit: '200' })).items) {
    if (status !== 'pending' && status !== 'uploaded') ledger.broken.push(`${name} is ${status}`);
  }
};

/** By how often. */
const ACTIONS: readonly [number, Action][] = [
  [8, uploadRaw],
  [4, uploadForm],
  [5, uploadSigned],
  [2, uploadPart],
  [3, trash],
  [2, restore],
  [1, purge],
  [2, askForVariant],
  [3, read],
  [1, list],
  [3, sendAgain],
];
const WEIGHTED = ACTIONS.flatMap(([times, action]) => Array.from({ length: times }, () => action));

export const anyAction = (random: () => number): Action => pick(random, WEIGHTED);
