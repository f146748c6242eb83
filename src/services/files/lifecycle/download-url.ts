import { contentDisposition } from '../../../base/content-disposition.ts';
import { notFound, ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { findFile } from '../file-rows.ts';
import { invalidField } from '../invalid.ts';
import { normalizeName } from '../names.ts';
import { contentOf, isExpired } from './resolve-content.ts';

const DEFAULT_SECONDS = 900;
/** S3 signs for no longer (AWS Signature Version 4). */
const MOST_SECONDS = 604_800;

export const generateDownloadURL: FileVerb<'generateDownloadURL'> =
  ({ db, storage }) =>
  async (request, context) => {
    const { fileId, variant, expiresIn, download } = request;
    const seconds = expiresIn || DEFAULT_SECONDS;
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MOST_SECONDS) {
      throw invalidField('expires_in', `A URL lives for 1 to ${MOST_SECONDS} seconds.`);
    }
    const wanted = download ? normalizeName(download, 'download') : undefined;
    const file = await findFile(db.reader, ownerOf(context, request.ownerId), fileId);
    const now = await db.now();
    if (isExpired(file, now)) throw notFound();
    const content = await contentOf(db.reader, file, variant);
    const expiresAt = new Date(now + seconds * 1000);
    const name = wanted ?? content.name;
    const { url } = await storage.signDownload(
      {
        key: content.key,
        contentType: content.contentType,
        contentDisposition: contentDisposition(content.contentType, name, download !== undefined),
        expiresAt,
      },
      context,
    );
    return { url, expiresAt };
  };
