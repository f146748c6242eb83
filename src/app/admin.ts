import { randomBytes } from 'node:crypto';
import { serviceContext } from '../base/context.ts';
import { HoldfastError } from '../base/errors.ts';
import { isId, newId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import { isEmbedded } from '../config.ts';
import { Role } from '../contract/holdfast/v1/auth.ts';
import type { Answers } from '../rpc/contracts.ts';
import { administerFiles, type FilesAdminRequest } from './administer-files.ts';
import { controlClient } from './control/client.ts';
import { checkCopy } from './copy/at-start.ts';
import { holdsData } from './data-dir.ts';
import { DataDirLocked } from './data-dir-lock.ts';
import { openGround } from './ground.ts';
import { runMigrations } from './migrations.ts';
import { authOn, fileAdminOn } from './services.ts';
import { StartError } from './start-error.ts';

/** What `holdfast admin` can be asked to do. */
export type AdminRequest =
  | { readonly verb: 'create'; readonly email: string; readonly password?: string | undefined; readonly admin: boolean }
  | { readonly verb: 'promote' | 'demote' | 'disable' | 'enable' | 'delete'; readonly email: string }
  | { readonly verb: 'invite'; readonly email?: string | undefined }
  | {
      readonly verb: 'token';
      readonly email: string;
      readonly name: string;
      readonly scopes: readonly string[];
      /** RFC 3339. */
      readonly expiresAt?: string | undefined;
    }
  | FilesAdminRequest;

export interface AdminAnswer {
  /** For a person. */
  readonly done: string;
  /** What was made and is shown this once. */
  readonly secret?: string | undefined;
  /** A table, its columns separated by tabs. */
  readonly lines?: readonly string[] | undefined;
}

type Audit = Pick<Answers<'auth'>['audit'], 'recordAuditEntries'>;

/** The services that do it; undefined where one runs in another process. */
interface Administered {
  readonly auth: Pick<Answers<'auth'>, 'auth' | 'admin'> | undefined;
  readonly files: Pick<Answers<'files'>, 'admin'> | undefined;
  /** Of auth, wherever it runs; undefined where this process does not call it. */
  readonly audit: Audit | undefined;
}

/** Does what is asked. Throws `StartError` with what the service says where it cannot. */
export async function administer(
  services: Administered,
  request: AdminRequest,
  signal: AbortSignal,
  log: Logger,
): Promise<AdminAnswer> {
  try {
    return await carryOut(services, request, serviceContext('holdfast admin', log, newId(), signal));
  } catch (error) {
    if (error instanceof HoldfastError && error.meaning.http < 500) throw new StartError(error.detail, error);
    throw error;
  }
}

async function carryOut(
  services: Administered,
  request: AdminRequest,
  context: ReturnType<typeof serviceContext>,
): Promise<AdminAnswer> {
  if (request.verb === 'usage' || request.verb === 'quota' || request.verb === 'jobs') {
    const { files, audit } = services;
    if (!files) throw new StartError('Files runs in another process: administer with the settings of that one.');
    const answer = await administerFiles(files, request, context);
    if (audit) await noteChange(audit, request, context);
    return answer;
  }
  if (!services.auth) throw new StartError('Auth runs in another process: administer with the settings of that one.');
  const { auth, admin } = services.auth;
  const idOf = async (email: string): Promise<string> => {
    // Whom another issuer vouches for has no e-mail here.
    const which = isId(email) ? { userId: email, email: '' } : { userId: '', email };
    const { user } = await admin.getAccount(which, context);
    return user?.id ?? '';
  };
  switch (request.verb) {
    case 'create': {
      const made = request.password === undefined ? randomBytes(15).toString('base64url') : undefined;
      const { email, password = made ?? '' } = request;
      await admin.createUser({ email, password, role: request.admin ? Role.ADMIN : Role.USER }, context);
      return { done: `${email} has an account${request.admin ? ', and is an admin' : ''}.`, secret: made };
    }
    case 'promote':
    case 'demote': {
      const role = request.verb === 'promote' ? Role.ADMIN : Role.USER;
      await admin.setRole({ userId: await idOf(request.email), role }, context);
      return { done: `${request.email} is ${request.verb === 'promote' ? 'an admin' : 'an admin no more'}.` };
    }
    case 'disable':
    case 'enable': {
      const disabled = request.verb === 'disable';
      await admin.setDisabled({ userId: await idOf(request.email), disabled }, context);
      return { done: `${request.email} ${disabled ? 'cannot sign in any more' : 'can sign in again'}.` };
    }
    case 'delete':
      await admin.deleteUser({ userId: await idOf(request.email) }, context);
      return { done: `${request.email} is deleted. Its files go now, where a server runs, or with the next sweep.` };
    case 'invite': {
      const { token } = await admin.createInvitation({ email: request.email }, context);
      return { done: `An invitation${request.email ? ` for ${request.email}` : ''}, good for a week.`, secret: token };
    }
    case 'token': {
      const { name, scopes, expiresAt } = request;
      const { token } = await auth.createApiToken(
        {
          userId: await idOf(request.email),
          name,
          scopes: [...scopes],
          expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
        },
        context,
      );
      return { done: `An API token of ${request.email} for ${scopes.join(', ')}.`, secret: token };
    }
  }
}

/** Writes to the audit trail what was changed of files, as auth does of what is its own. */
async function noteChange(
  audit: Audit,
  request: FilesAdminRequest,
  context: ReturnType<typeof serviceContext>,
): Promise<void> {
  if (request.verb === 'usage' || (request.verb === 'jobs' && !request.retry)) return;
  const { verb, ...data } = request;
  const what =
    verb === 'quota'
      ? { action: 'owner.quota_set', targetKind: 'owner', targetId: request.owner }
      : { action: 'jobs.retried', targetKind: 'job', targetId: '' };
  const actor = { actorKind: 'service', actorId: 'holdfast admin', credentialId: '', ownerId: '' };
  const entry = { ...what, ...actor, id: newId(), data: JSON.parse(JSON.stringify(data)) };
  await audit.recordAuditEntries({ entries: [entry] }, context);
}

/** The same through the server that has the data directory, or, where none runs there, by itself. */
export async function administerDataDir(
  config: Config,
  request: AdminRequest,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<AdminAnswer> {
  // The first admin may come before the first start; the account of a folder that is none would be lost.
  if (isEmbedded(config) && request.verb !== 'create' && !(await holdsData(config.dataDir))) {
    throw new StartError(
      `DATA_DIR: no server has kept anything in ${config.dataDir}. Set DATA_DIR to the folder of yours.`,
    );
  }
  const drivers = new Set(['database', 'broker'] as const);
  const ground = await openGround(config, { command: 'admin', publicUrl: signsNothing, log, drivers }).catch(
    (error) => {
      if (error instanceof DataDirLocked && error.holder?.control !== undefined) return error.holder.control;
      throw error;
    },
  );
  if (typeof ground === 'string') return controlClient(ground).admin(request, signal);
  try {
    await runMigrations(ground.database);
    await checkCopy(ground.database, log);
    const auth = await authOn(ground, config, log);
    const files = { admin: fileAdminOn(ground, config, log) };
    return await administer({ auth, files, audit: auth.audit }, request, signal, log);
  } finally {
    await ground.close();
  }
}

const signsNothing = () => {
  throw new Error('Administration signs no URL.');
};
