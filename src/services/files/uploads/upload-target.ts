import type { CallContext } from '../../../base/context.ts';
import type { SignedRequest } from '../../../contract/holdfast/v1/common.ts';
import type { UploadTarget } from '../../../contract/holdfast/v1/file.ts';
import type { FilesDeps } from '../deps.ts';
import type { UploadsTable } from '../tables.ts';
import { confirmToken } from './confirm-token.ts';
import { partCount } from './part-size.ts';

/** An upload that one signed request takes. */
export interface WholeUpload {
  /** Of the file. */
  readonly id: string;
  readonly key: string;
  readonly size: number;
  readonly contentType: string;
  readonly expiresAt: Date;
}

/** The requests of uploads, by file. */
export async function signWhole(
  { storage }: Pick<FilesDeps, 'storage'>,
  whole: readonly WholeUpload[],
  context: CallContext,
): Promise<ReadonlyMap<string, SignedRequest>> {
  if (whole.length === 0) return new Map();
  const uploads = whole.map(({ key, size, contentType, expiresAt }) => ({ key, size, contentType, expiresAt }));
  const { requests } = await storage.signUploads({ uploads }, context);
  return new Map(whole.map(({ id }, place) => [id, requests[place] as SignedRequest]));
}

/** How to send the bytes of an upload: by `request`, where it takes one. Its parts are still to be signed. */
export function targetOf(
  { confirmKey, publicUrl }: Pick<FilesDeps, 'confirmKey' | 'publicUrl'>,
  upload: Pick<UploadsTable, 'file_id' | 'declared_size' | 'part_size' | 'expires_at'>,
  request: SignedRequest | undefined,
): UploadTarget {
  const token = confirmToken(confirmKey, upload.file_id);
  const reached = publicUrl?.()?.replace(/\/$/, '');
  const { part_size: partSize } = upload;
  return {
    ...(request && { request }),
    partSize: partSize ?? 0,
    partCount: partSize === null ? 0 : partCount(upload.declared_size as number, partSize),
    parts: [],
    expiresAt: new Date(upload.expires_at),
    confirmToken: token,
    confirmUrl: reached === undefined ? '' : `${reached}/api/uploads/${upload.file_id}/confirm?token=${token}`,
  };
}
