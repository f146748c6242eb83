import { toWord } from '../../base/enum-words.ts';
import {
  type File,
  FileStatus,
  type Job,
  JobState,
  type Processing,
  ProcessingState,
  type Variant,
  Visibility,
} from '../../contract/holdfast/v1/file.ts';
import { present } from './present.ts';
import type { FileJson, VariantJson } from './schemas/file.ts';
import type { JobJson } from './schemas/job.ts';

const time = (value: Date | undefined): string | null => value?.toISOString() ?? null;

/** Where the owner of a file gets its content or a variant of it. */
export const contentPath = (fileId: string, variant?: string): string =>
  `/api/files/${fileId}/content${variant === undefined ? '' : `?variant=${encodeURIComponent(variant)}`}`;

export function variantJson(fileId: string, variant: Variant): VariantJson {
  return {
    type: variant.type,
    contentType: variant.contentType,
    size: variant.size,
    width: variant.width,
    height: variant.height,
    createdAt: present(variant.createdAt).toISOString(),
    url: contentPath(fileId, variant.type),
  };
}

function processingJson(processing: Processing | undefined): FileJson['processing'] {
  const { state, total, finished, failed } = present(processing);
  return { state: toWord(ProcessingState, state), total, finished, failed };
}

export function fileJson(file: File): FileJson {
  return {
    id: file.id,
    name: file.name,
    folder: file.folder,
    contentType: file.contentType,
    size: file.size,
    sha256: file.sha256 ?? null,
    metadata: file.metadata,
    status: toWord(FileStatus, file.status),
    visibility: toWord(Visibility, file.visibility),
    processing: processingJson(file.processing),
    variants: file.variants.map((variant) => variantJson(file.id, variant)),
    url: contentPath(file.id),
    publicUrl: file.visibility === Visibility.PUBLIC ? `/public/${file.id}` : null,
    createdAt: present(file.createdAt).toISOString(),
    updatedAt: present(file.updatedAt).toISOString(),
    uploadedAt: time(file.uploadedAt),
    deletedAt: time(file.deletedAt),
    expiresAt: time(file.expiresAt),
  };
}

export function jobJson(job: Job): JobJson {
  return {
    id: job.id,
    fileId: job.fileId,
    type: job.type,
    processor: job.processor,
    options: job.options ?? {},
    status: toWord(JobState, job.state),
    attempt: job.attempt,
    code: job.code ?? null,
    reason: job.reason ?? null,
    createdAt: present(job.createdAt).toISOString(),
    updatedAt: present(job.updatedAt).toISOString(),
  };
}
