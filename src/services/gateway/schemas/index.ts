import type { App } from '../app.ts';
import { AuditEntrySchema, InvitationSchema } from './admin.ts';
import { FileSchema, VariantSchema } from './file.ts';
import { JobSchema } from './job.ts';
import { LinkedAccountSchema, SignInProviderSchema } from './oauth.ts';
import { ProblemSchema } from './problem.ts';
import { ApiTokenSchema, SessionSchema } from './session.ts';
import { OwnedJobSchema, TotalUsageSchema, UsageSchema } from './usage.ts';
import { UserSchema } from './user.ts';

const SCHEMAS = [
  FileSchema,
  VariantSchema,
  JobSchema,
  UserSchema,
  SessionSchema,
  ApiTokenSchema,
  SignInProviderSchema,
  LinkedAccountSchema,
  InvitationSchema,
  AuditEntrySchema,
  UsageSchema,
  TotalUsageSchema,
  OwnedJobSchema,
  ProblemSchema,
];

/** Schemas with a name of their own: the components of the API's description. */
export function addSchemas(app: App): void {
  for (const schema of SCHEMAS) app.addSchema(schema);
}
