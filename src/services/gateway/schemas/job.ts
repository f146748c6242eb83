import { type Static, Type } from 'typebox';
import { wordsOf } from '../../../base/enum-words.ts';
import { JobState } from '../../../contract/holdfast/v1/file.ts';
import { Id, nullable, refTo, Time, words } from './common.ts';

export const JobStatusWord = words(wordsOf(JobState), {
  description:
    '`failed` will be tried again; `dead` is given up, with a `reason`. `succeeded`, `dead` and `cancelled` are final.',
  examples: ['succeeded'],
});

export const JobSchema = Type.Object(
  {
    id: Id('UUIDv7.'),
    fileId: Id('The file that it works on.'),
    type: Type.String({ description: 'The variant that it makes.', examples: ['thumbnail'] }),
    processor: Type.String({ examples: ['thumbnail'] }),
    options: Type.Record(Type.String(), Type.Unknown(), { description: 'What the processor was told.' }),
    status: JobStatusWord,
    attempt: Type.Integer({ description: 'How often it was started.', examples: [1] }),
    code: nullable(Type.String({ description: 'Why it failed, for programs.', examples: ['corrupt_input'] })),
    reason: nullable(Type.String({ description: 'Why it failed, for a person.' })),
    createdAt: Time('When it was made.'),
    updatedAt: Time('When it last changed.'),
  },
  { $id: 'Job', additionalProperties: false },
);
export const JobRef = refTo(JobSchema);

export type JobJson = Static<typeof JobSchema>;
