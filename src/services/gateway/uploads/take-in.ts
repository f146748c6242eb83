import { toHoldfastError } from '../../../base/errors.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Answer } from './idempotency.ts';
import { Intake } from './intake.ts';
import { uploadAnswerJson } from './json.ts';
import type { UploadScope } from './store-file.ts';
import type { Submission } from './submission.ts';

/** Takes the files of a request in. Throws the problem of the first where none was taken. */
export async function takeIn(
  deps: Pick<GatewayDeps, 'uploads' | 'objects'>,
  scope: UploadScope,
  submission: Submission,
): Promise<Answer> {
  const intake = new Intake(deps, scope);
  try {
    const fingerprint = await submission.read((file) => intake.take(file));
    const result = await intake.conclude();
    const [first] = result.errors;
    if (first && result.files.length === 0) throw first.error;
    for (const { part, error } of result.errors) {
      if (error.meaning.http >= 500) scope.call.log.error({ err: error.cause ?? error, part }, error.detail);
    }
    return { fingerprint, body: JSON.stringify(uploadAnswerJson(result)) };
  } catch (error) {
    await intake.discard();
    throw error;
  }
}

/** Reads the files of a request for its fingerprint alone. */
export async function fingerprintOf(submission: Submission): Promise<string> {
  const fingerprint = await submission.read(async ({ bytes }) => {
    try {
      while (await bytes.next());
      return undefined;
    } catch (error) {
      return toHoldfastError(error);
    }
  });
  return fingerprint();
}
