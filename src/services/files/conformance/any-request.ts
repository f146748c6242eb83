import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FileServiceDefinition, Visibility } from '../../../contract/holdfast/v1/file.ts';
import { methodsOf } from '../../../rpc/contract.ts';
import { anyRequest } from '../../../rpc/testing/any-request.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';

const OWNER = 'theirs';
const MIB = 1024 ** 2;

/** Whatever a back end sends that is a message of the method, what comes of it is no fault of ours. */
export function anyRequestLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeAll(async () => {
    bed = await open({ maxFileSize: 1_000 * MIB });
  });
  afterAll(() => bed.close());

  /** Of a file that is whole, of its job, and of two whose bytes have not come, one of them in parts. */
  async function someIds(): Promise<string[]> {
    const file = { name: 'a.jpg', folder: '', contentType: 'image/jpeg', metadata: {}, visibility: Visibility.PRIVATE };
    const files = [5, 5, 100 * MIB].map((size) => ({ ...file, size }));
    const { results } = await bed.files.generateUploadURLs({ ownerId: OWNER, files }, bed.asService);
    const fileIds = results.map((result) => result.file?.id as string);
    await bed.objects.put(`in/${fileIds[0]}`, Buffer.from('hello'));
    const whose = { ownerId: OWNER, fileId: fileIds[0] as string };
    await bed.files.confirmUpload({ ...whose, parts: [] }, bed.asService);
    const { job } = await bed.files.requestVariant({ ...whose, processor: 'a' }, bed.asService);
    return [...fileIds, job?.id as string];
  }

  it.each(methodsOf(FileServiceDefinition))('%s', async (key, definition) => {
    const method = bed.files[key as 'getFile'];
    const known = { texts: await someIds(), mostly: { owner_id: OWNER } };
    await fc.assert(
      fc.asyncProperty(anyRequest(FileServiceDefinition, definition, known), async (request) => {
        const code = await method(request as never, bed.asService).then(
          () => 'ok',
          (error) => error.code,
        );
        expect(code).not.toBe('internal');
      }),
      { numRuns: 50 },
    );
  });
}
