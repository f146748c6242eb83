import { isBackEnd } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import type { FileAdminServiceDefinition, Quota } from '../../../contract/holdfast/v1/file_admin.ts';
import type { Service } from '../../../rpc/contract.ts';
import { actOf } from './note-back-ends.ts';
import type { AuditTrail } from './trail.ts';

/** The same service, which notes what back ends change. What users do, the gateway notes. */
export const noteAdmins = (
  admin: Service<FileAdminServiceDefinition>,
  trail: Pick<AuditTrail, 'note'>,
): Service<FileAdminServiceDefinition> => ({
  ...admin,
  async setQuota(request, context) {
    const answer = await admin.setQuota(request, context);
    if (isBackEnd(context.principal)) {
      const { ownerId, bytes, files } = request;
      const data = { ...(bytes && { bytes: toldOf(bytes) }), ...(files && { files: toldOf(files) }) };
      const entry = { action: 'owner.quota_set', targetKind: 'owner', targetId: ownerId, ownerId, data };
      await trail.note({ ...actOf(context.principal.name, context), id: newId(), ...entry });
    }
    return answer;
  },
  async retryJobs(request, context) {
    const answer = await admin.retryJobs(request, context);
    if (isBackEnd(context.principal)) {
      const { jobId, filter } = request;
      const action = jobId === '' ? 'jobs.retried' : 'job.retried';
      const entry = { action, targetKind: 'job', targetId: jobId, ownerId: '', data: { ...filter } };
      await trail.note({ ...actOf(context.principal.name, context), id: newId(), ...entry });
    }
    return answer;
  },
});

const toldOf = ({ limit }: Quota) => limit ?? null;
