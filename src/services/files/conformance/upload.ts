import { type NewFile, Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { TestFiles } from '../testing.ts';

/** A file that somebody may begin to upload. */
export const newFile = (change: Partial<NewFile> = {}): NewFile => ({
  name: 'photo.jpg',
  folder: '',
  contentType: 'image/jpeg',
  size: 5,
  metadata: {},
  visibility: Visibility.UNSPECIFIED,
  ...change,
});

/** Has a file of ada's uploaded, of which no byte is there, and answers its id. */
export async function upload(bed: TestFiles, contentType = 'text/plain'): Promise<string> {
  const file = { name: 'a', folder: '', contentType, size: 1, metadata: {}, visibility: Visibility.UNSPECIFIED };
  const as = bed.as('ada');
  const { fileId } = await bed.uploads.beginUpload({ ownerId: '', file, sizeUnknown: false, part: 0 }, as);
  await bed.uploads.finishUpload({ ownerId: '', fileId, size: 1, sha256: 'a'.repeat(64) }, as);
  return fileId;
}
