import { type Static, Type } from 'typebox';
import { nullable, refTo } from './common.ts';
import { JobSchema } from './job.ts';

const AmountSchema = Type.Object(
  {
    used: Type.Integer({ description: 'By files that are whole, those in the trash included.', examples: [1024] }),
    held: Type.Integer({ description: 'For uploads under way.', examples: [0] }),
    limit: nullable(Type.Integer({ description: 'Null: as much as there is room for.', examples: [10_737_418_240] })),
  },
  { additionalProperties: false },
);

export const UsageSchema = Type.Object(
  {
    owner: Type.String({ description: 'The id of an account, or any owner that a back end acts for.' }),
    bytes: AmountSchema,
    files: AmountSchema,
  },
  { $id: 'Usage', additionalProperties: false },
);
export const UsageRef = refTo(UsageSchema);
export type UsageJson = Static<typeof UsageSchema>;

const SumSchema = Type.Object({ used: Type.Integer(), held: Type.Integer() }, { additionalProperties: false });
export const TotalUsageSchema = Type.Object(
  { owners: Type.Integer({ examples: [3] }), bytes: SumSchema, files: SumSchema },
  { $id: 'TotalUsage', additionalProperties: false },
);
export const TotalUsageRef = refTo(TotalUsageSchema);

export const OwnedJobSchema = Type.Object(
  { ...JobSchema.properties, owner: UsageSchema.properties.owner },
  { $id: 'OwnedJob', additionalProperties: false },
);
export const OwnedJobRef = refTo(OwnedJobSchema);
export type OwnedJobJson = Static<typeof OwnedJobSchema>;
