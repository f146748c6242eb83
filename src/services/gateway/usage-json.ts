import type { OwnedJob } from '../../contract/holdfast/v1/file_admin.ts';
import type { Amount, Usage } from '../../contract/holdfast/v1/usage.ts';
import { jobJson } from './json.ts';
import { present } from './present.ts';
import type { OwnedJobJson, UsageJson } from './schemas/usage.ts';

export function sumJson(amount: Amount | undefined) {
  const { used, held } = present(amount);
  return { used, held };
}

const amountJson = (amount: Amount | undefined): UsageJson['bytes'] => ({
  ...sumJson(amount),
  limit: amount?.limit ?? null,
});

export const usageJson = ({ ownerId, bytes, files }: Usage): UsageJson => ({
  owner: ownerId,
  bytes: amountJson(bytes),
  files: amountJson(files),
});

export const ownedJobJson = ({ ownerId, job }: OwnedJob): OwnedJobJson => ({
  ...jobJson(present(job)),
  owner: ownerId,
});
