import { type HoldfastError, hasCode, toHoldfastError } from '../../../base/errors.ts';
import type { File, Job } from '../../../contract/holdfast/v1/file.ts';
import type { GatewayDeps } from '../deps.ts';
import { present } from '../present.ts';
import { afterwards } from './afterwards.ts';
import { readHead } from './bytes.ts';
import { discardFile, giveUp } from './give-up.ts';
import { type IncomingFile, type StoredFile, storeFile, type UploadScope } from './store-file.ts';

/** Bytes that a file may have to be handed to the object store at once, without a stream. */
const SMALL = 64 * 1024;
/** Small files of one request that are stored at a time. */
const AT_A_TIME = 8;

export interface TakenFile {
  readonly file: File;
  readonly jobs: readonly Job[];
}

export interface IntakeResult {
  readonly files: readonly TakenFile[];
  readonly errors: readonly { readonly part: number; readonly error: HoldfastError }[];
}

type Stored = { readonly stored: StoredFile } | { readonly error: HoldfastError };

/**
 * Takes the files of one request. Each succeeds or fails by itself, but none is confirmed before the whole body has
 * come and was in order: a request that breaks off leaves nothing.
 */
export class Intake {
  readonly #deps: Pick<GatewayDeps, 'uploads' | 'objects'>;
  readonly #scope: UploadScope;
  #parts: Promise<Stored>[] = [];
  readonly #storing = new Set<Promise<Stored>>();

  constructor(deps: Pick<GatewayDeps, 'uploads' | 'objects'>, scope: UploadScope) {
    this.#deps = deps;
    this.#scope = scope;
  }

  /**
   * Stores a file. Comes back when no more of its bytes are wanted: for a large one when it is stored, for a small one
   * as soon as all of it is in memory, so that the next can be read meanwhile.
   */
  async take(file: IncomingFile): Promise<HoldfastError | undefined> {
    const head = await readHead(file.bytes, SMALL).catch(toHoldfastError);
    const storing = 'whole' in head ? this.#store(file, head) : Promise.resolve({ error: head });
    this.#parts.push(storing);
    if ('whole' in head && head.whole) {
      this.#storing.add(storing);
      storing.then(() => this.#storing.delete(storing));
      if (this.#storing.size >= AT_A_TIME) await Promise.race(this.#storing);
      return undefined;
    }
    const outcome = await storing;
    return 'error' in outcome ? outcome.error : undefined;
  }

  /** Confirms what was stored. Throws `idempotency_mismatch` where this is not the request that the key was used for. */
  async conclude(): Promise<IntakeResult> {
    const outcomes = await Promise.all(this.#parts);
    for (const outcome of outcomes) {
      if ('error' in outcome && hasCode(outcome.error, 'idempotency_mismatch')) throw outcome.error;
    }
    // From here on files alone says what becomes of the bytes.
    this.#parts = [];
    const concluded = await Promise.all(outcomes.map((outcome) => this.#confirm(outcome)));
    return {
      files: concluded.filter((outcome) => 'file' in outcome),
      errors: concluded.flatMap((outcome, part) => ('error' in outcome ? [{ part, error: outcome.error }] : [])),
    };
  }

  /** Removes what was stored, as long as nothing of it has been confirmed. */
  async discard(): Promise<void> {
    const outcomes = await Promise.all(this.#parts);
    await Promise.all(
      outcomes.map((outcome) => 'stored' in outcome && discardFile(this.#deps, this.#scope, outcome.stored)),
    );
  }

  async #store(file: IncomingFile, head: Awaited<ReturnType<typeof readHead>>): Promise<Stored> {
    try {
      return { stored: await storeFile(this.#deps, this.#scope, file, head) };
    } catch (error) {
      return { error: toHoldfastError(error) };
    }
  }

  async #confirm(outcome: Stored): Promise<TakenFile | { readonly error: HoldfastError }> {
    if ('error' in outcome) return outcome;
    const { uploads } = this.#deps;
    const { call, ownerId } = this.#scope;
    const { fileId, size, sha256 } = outcome.stored;
    try {
      const { file, jobs } = await uploads.finishUpload({ ownerId, fileId, size, sha256 }, afterwards(call));
      return { file: present(file), jobs };
    } catch (thrown) {
      await giveUp(this.#deps, this.#scope, fileId);
      return { error: toHoldfastError(thrown) };
    }
  }
}
