import type { App } from '../app.ts';
import { FileSchema, VariantSchema } from './file.ts';
import { JobSchema } from './job.ts';
import { ProblemSchema } from './problem.ts';
import { UserSchema } from './user.ts';

/** Schemas with a name of their own: the components of the API's description. */
export function addSchemas(app: App): void {
  for (const schema of [FileSchema, VariantSchema, JobSchema, UserSchema, ProblemSchema]) app.addSchema(schema);
}
