import { type Static, Type } from 'typebox';
import { wordsOf } from '../../../base/enum-words.ts';
import { ERRORS } from '../../../base/errors.ts';
import { UploadKind } from '../../../contract/holdfast/v1/file.ts';
import { EXAMPLE_ID, Id, nullable, Time, words } from './common.ts';
import { FILE_PROPERTIES, FileRef, MetadataSchema, VisibilityWord } from './file.ts';
import { JobStatusWord } from './job.ts';

const JobOfUpload = Type.Object(
  { id: Id('Of the job.'), type: Type.String({ examples: ['thumbnail'] }), status: JobStatusWord },
  { additionalProperties: false },
);

const UploadedFileSchema = Type.Object(
  { ...FILE_PROPERTIES, jobs: Type.Array(JobOfUpload, { description: 'What presets make of it.' }) },
  { additionalProperties: false },
);

export const UploadAnswerSchema = Type.Object(
  {
    files: Type.Array(UploadedFileSchema, { description: 'Whole, verified and durable, in the order of their parts.' }),
    errors: Type.Array(
      Type.Object(
        {
          part: Type.Integer({ description: 'Which of the files that were sent, from 0.', examples: [1] }),
          code: words(Object.keys(ERRORS)),
          detail: Type.String({ description: 'What was wrong with it, for a person.' }),
        },
        { additionalProperties: false },
      ),
      { description: 'The files that were not taken.' },
    ),
  },
  { description: 'Taken in; the jobs are under way.', additionalProperties: false },
);
export type UploadAnswerJson = Static<typeof UploadAnswerSchema>;

const sha256 = (description: string) =>
  Type.String({
    pattern: '^[0-9a-fA-F]{64}$',
    description,
    examples: ['2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
  });
const folder = Type.String({
  maxLength: 4096,
  description: 'Names joined by "/", at most 1,024 bytes in UTF-8; empty for the root.',
  examples: ['photos/2026'],
});
const metadataText = Type.String({
  description: 'A JSON object of texts.',
  contentMediaType: 'application/json',
  examples: ['{"album":"Lisbon"}'],
});
const expiresAt = Time('When the file is to be deleted by itself; in the future.', {
  examples: ['2099-01-01T00:00:00.000Z'],
});

/** Files are read as they come, so these are checked by hand: what the schema says of them is for readers. */
export const UploadQuery = Type.Object(
  {
    name: Type.Optional(
      Type.String({ description: 'The name of the file; for a raw body, and needed there.', examples: ['hello.txt'] }),
    ),
    folder: Type.Optional(folder),
    metadata: Type.Optional(metadataText),
    visibility: Type.Optional(VisibilityWord),
    expiresAt: Type.Optional(expiresAt),
    sha256: Type.Optional(sha256('Of a raw body, in hex: a body that differs is refused.')),
  },
  { additionalProperties: false },
);

export const UploadHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        '1 to 255 visible ASCII characters. The same request with the same key gets the same answer for 24 hours, ' +
        'with `Idempotency-Replayed: true`.',
      examples: ['5f0c9a3e-1d7b-4f0e-9a52-6d1c1a6f0b7d'],
    }),
  ),
  'content-digest': Type.Optional(
    Type.String({ description: 'Of a raw body (RFC 9530), `sha-256=:…:`: a body that differs is refused.' }),
  ),
  'x-content-sha256': Type.Optional(Type.String({ description: 'The same in hex.' })),
});

export const UploadForm = Type.Object(
  {
    folder: Type.Optional(folder),
    metadata: Type.Optional(metadataText),
    visibility: Type.Optional(VisibilityWord),
    expiresAt: Type.Optional(expiresAt),
    file: Type.Array(Type.String({ format: 'binary' }), { minItems: 1, maxItems: 100 }),
  },
  {
    description: 'Fields count for the files that come after them.',
    additionalProperties: false,
    examples: [{ folder: 'photos/2026', file: ['hello'] }],
  },
);

export const CreateUploadBody = Type.Object(
  {
    name: Type.String({ maxLength: 4096, description: 'As the user named it.', examples: ['film.mp4'] }),
    size: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes.', examples: [5] }),
    contentType: Type.Optional(
      Type.String({ maxLength: 255, description: 'What the client believes.', examples: ['text/plain'] }),
    ),
    sha256: Type.Optional(sha256('Of the content, in hex: bytes that differ are refused.')),
    folder: Type.Optional(folder),
    metadata: Type.Optional(MetadataSchema),
    visibility: Type.Optional(VisibilityWord),
    expiresAt: Type.Optional(expiresAt),
  },
  { additionalProperties: false, examples: [{ name: 'hello.txt', size: 5, contentType: 'text/plain' }] },
);

const SIGNED_REQUEST = {
  method: Type.String({ examples: ['PUT'] }),
  url: Type.String({ description: 'Needs no token.' }),
  headers: Type.Record(Type.String(), Type.String(), { description: 'To be sent exactly so.' }),
};
const expiry = Time('Until when it can be sent and confirmed.');

const SignedPartSchema = Type.Object(
  { number: Type.Integer({ description: 'From 1.', examples: [1] }), ...SIGNED_REQUEST },
  { additionalProperties: false },
);

export const CreatedUploadSchema = Type.Object(
  {
    file: FileRef,
    upload: Type.Union([
      Type.Object(
        { ...SIGNED_REQUEST, expiresAt: expiry },
        { description: 'One request takes all bytes.', additionalProperties: false },
      ),
      Type.Object(
        {
          partSize: Type.Integer({ description: 'Bytes of each part but the last, which has the rest.' }),
          partCount: Type.Integer(),
          parts: Type.Array(SignedPartSchema, { description: 'The first of them, signed.' }),
          expiresAt: expiry,
        },
        { description: 'One request for each part.', additionalProperties: false },
      ),
    ]),
    confirmUrl: Type.String({
      description: 'Confirms this upload when it is POSTed to, without a token.',
      examples: [`https://files.example.com/api/uploads/${EXAMPLE_ID}/confirm?token=…`],
    }),
  },
  { description: 'The place is reserved. Send the bytes, then confirm.', additionalProperties: false },
);
export type CreatedUploadJson = Static<typeof CreatedUploadSchema>;

export const UploadParams = Type.Object({ fileId: Id('The id of the file.') });

export const UploadStateSchema = Type.Object(
  {
    file: FileRef,
    kind: nullable(words(wordsOf(UploadKind), { description: 'How its bytes come; null when it has ended.' })),
    partSize: nullable(
      Type.Integer({ description: 'Bytes of each part but the last; null where there are no parts.' }),
    ),
    partCount: nullable(Type.Integer()),
    received: Type.Array(
      Type.Object(
        { number: Type.Integer(), size: Type.Integer({ description: 'Bytes.' }), etag: Type.String() },
        { additionalProperties: false },
      ),
      { description: 'The parts that have come.' },
    ),
    expiresAt: nullable(Time('Until when it can be confirmed; null when it has ended.')),
  },
  { description: 'How far it is.', additionalProperties: false },
);
export type UploadStateJson = Static<typeof UploadStateSchema>;

export const MorePartsBody = Type.Object(
  {
    from: Type.Integer({ minimum: 1, maximum: 10_000, description: 'The first to be signed.', examples: [101] }),
    count: Type.Integer({ minimum: 1, maximum: 100, examples: [100] }),
  },
  { additionalProperties: false, examples: [{ from: 101, count: 100 }] },
);
export const MorePartsSchema = Type.Object(
  { parts: Type.Array(SignedPartSchema), expiresAt: expiry },
  { description: 'Signed; fewer where the upload has no more.', additionalProperties: false },
);

export const ConfirmQuery = Type.Object(
  { token: Type.Optional(Type.String({ maxLength: 255, description: 'As it stands in `confirmUrl`.' })) },
  { additionalProperties: false },
);
export const ConfirmBody = Type.Optional(
  Type.Object(
    {
      parts: Type.Optional(
        Type.Array(
          Type.Object(
            {
              number: Type.Integer({ minimum: 1, maximum: 10_000 }),
              etag: Type.String({ maxLength: 255, description: 'As the store answered it.' }),
            },
            { additionalProperties: false },
          ),
          { maxItems: 10_000, description: 'What the client believes it sent: a difference is refused.' },
        ),
      ),
    },
    { additionalProperties: false, examples: [{}] },
  ),
);
export const ConfirmedSchema = Type.Object(
  { file: FileRef, jobs: Type.Array(JobOfUpload, { description: 'What presets make of it.' }) },
  { description: 'Whole, verified and durable; the jobs are under way.', additionalProperties: false },
);
