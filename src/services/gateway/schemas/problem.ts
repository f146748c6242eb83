import { Type } from 'typebox';
import { ERRORS } from '../../../base/errors.ts';
import { EXAMPLE_ID, words } from './common.ts';

export const FieldErrorSchema = Type.Object(
  {
    path: Type.String({ description: 'Which field, its names joined by dots.', examples: ['metadata.color'] }),
    message: Type.String({ description: 'What is wrong with it.', examples: ['must be string'] }),
  },
  { additionalProperties: false },
);

/** What every error looks like (RFC 9457). */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'The code as a URN.', examples: ['urn:holdfast:problem:not_found'] }),
    title: Type.String({ description: 'The same for each occurrence of the code.', examples: ['Not found'] }),
    status: Type.Integer({ description: 'The HTTP status.', examples: [404] }),
    detail: Type.String({ description: 'What was wrong this time, for a person.' }),
    code: words(Object.keys(ERRORS), { description: 'Stable: for programs to decide by.' }),
    requestId: Type.String({
      description: 'Stands in the log too. The same as the header X-Request-Id.',
      examples: [EXAMPLE_ID],
    }),
    fields: Type.Optional(Type.Array(FieldErrorSchema, { description: 'The fields of the request that are wrong.' })),
  },
  { $id: 'Problem', additionalProperties: false },
);
