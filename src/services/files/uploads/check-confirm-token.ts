import { HoldfastError } from '../../../base/errors.ts';
import type { FilesDeps, UploadVerb } from '../deps.ts';
import { isConfirmToken } from './confirm-token.ts';

/** The principal does not matter: the token is all that a client of a back end has. */
export const checkConfirmToken: UploadVerb<'checkConfirmToken'> = (deps) => async (request) => {
  requireConfirmToken(deps, request);
  return {};
};

export function requireConfirmToken(
  { confirmKey }: Pick<FilesDeps, 'confirmKey'>,
  { fileId, confirmToken }: { readonly fileId: string; readonly confirmToken: string },
): void {
  if (isConfirmToken(confirmKey, fileId, confirmToken)) return;
  throw new HoldfastError('signature_invalid', 'The confirm URL is not valid.');
}
