import {
  type File,
  FileServiceDefinition,
  FileStatus,
  type GetFileRequest,
  ProcessingState,
  Visibility,
} from '../../src/contract/holdfast/v1/file.ts';
import type { Service } from '../../src/rpc/contract.ts';

const at = new Date('2026-03-01T12:00:00.123Z');

/** An image with the variants that presets make: about 700 bytes on the wire. */
const FILE: File = {
  id: '0199f0d2-7c1e-7d2a-9d11-6a5b1c2d3e4f',
  ownerId: '0199f0d2-7c1e-7d2a-9d11-6a5b1c2d3e4a',
  name: 'the sea in the evening.jpg',
  folder: 'pictures/2026',
  contentType: 'image/jpeg',
  size: 3_456_789,
  sha256: 'ab'.repeat(32),
  metadata: { album: 'holidays', camera: 'x100' },
  status: FileStatus.UPLOADED,
  visibility: Visibility.PRIVATE,
  processing: { state: ProcessingState.DONE, total: 4, finished: 4, failed: 0 },
  variants: ['thumbnail', 'small', 'medium', 'webp'].map((type) => ({
    type,
    contentType: 'image/webp',
    size: 12_345,
    width: 480,
    height: 300,
    createdAt: at,
  })),
  createdAt: at,
  updatedAt: at,
  uploadedAt: at,
};

export const REQUEST: GetFileRequest = { ownerId: '', fileId: FILE.id };

/** Answers every call with the file, without asking a database. */
export const service = Object.fromEntries(
  Object.keys(FileServiceDefinition.methods).map((method) => [method, async () => ({ file: FILE })]),
) as unknown as Service<FileServiceDefinition>;
