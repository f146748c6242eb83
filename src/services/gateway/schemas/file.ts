import { type Static, Type } from 'typebox';
import { wordsOf } from '../../../base/enum-words.ts';
import { FileStatus, ProcessingState, Visibility } from '../../../contract/holdfast/v1/file.ts';
import { EXAMPLE_ID, Id, nullable, refTo, Time, words } from './common.ts';

export const VisibilityWord = words(wordsOf(Visibility), {
  description: '`public` files are handed out to anybody under /public.',
  examples: ['private'],
});

export const MetadataSchema = Type.Record(Type.String(), Type.String(), {
  description: 'Texts of your own by name: at most 32, and 4 KB in all.',
  maxProperties: 32,
  examples: [{ album: 'Lisbon' }],
});

export const VariantSchema = Type.Object(
  {
    type: Type.String({ description: 'Which variant: the name of its preset, as a rule.', examples: ['thumbnail'] }),
    contentType: Type.String({ examples: ['image/webp'] }),
    size: Type.Integer({ description: 'Bytes.', examples: [8123] }),
    width: Type.Integer({ description: 'Pixels.', examples: [300] }),
    height: Type.Integer({ description: 'Pixels.', examples: [300] }),
    createdAt: Time('When it was made.'),
    url: Type.String({
      description: 'Where its owner gets it.',
      examples: [`/api/files/${EXAMPLE_ID}/content?variant=thumbnail`],
    }),
  },
  { $id: 'Variant', additionalProperties: false },
);

export const ProcessingSchema = Type.Object(
  {
    state: words(wordsOf(ProcessingState), {
      description: 'Of the jobs that presets gave the file. `failed` where one was given up: the file itself is whole.',
    }),
    total: Type.Integer(),
    finished: Type.Integer(),
    failed: Type.Integer(),
  },
  { additionalProperties: false },
);

export const FILE_PROPERTIES = {
  id: Id('UUIDv7.'),
  name: Type.String({ examples: ['IMG_2041.jpg'] }),
  folder: Type.String({ description: 'Names joined by "/"; empty for the root.', examples: ['photos/2026'] }),
  contentType: Type.String({ description: 'Found in the first bytes, not believed.', examples: ['image/jpeg'] }),
  size: Type.Integer({ description: 'Bytes.', examples: [4211987] }),
  sha256: nullable(Type.String({ description: 'Of the content, in hex; null until it is known.' })),
  metadata: MetadataSchema,
  status: words(wordsOf(FileStatus), {
    description: '`pending`: the bytes are not confirmed yet. `uploaded`: whole, verified and durable.',
  }),
  visibility: VisibilityWord,
  processing: ProcessingSchema,
  variants: Type.Array(refTo(VariantSchema)),
  url: Type.String({
    description: 'Where its owner gets the content.',
    examples: [`/api/files/${EXAMPLE_ID}/content`],
  }),
  publicUrl: nullable(Type.String({ description: 'Where anybody gets the content, if the file is public.' })),
  createdAt: Time('When its upload began.'),
  updatedAt: Time('When it was last changed.'),
  uploadedAt: nullable(Time('When its bytes were confirmed.')),
  deletedAt: nullable(Time('When it was moved to the trash.')),
  expiresAt: nullable(Time('When it will be deleted by itself.')),
};

export const FileSchema = Type.Object(FILE_PROPERTIES, { $id: 'File', additionalProperties: false });
export const FileRef = refTo(FileSchema);

export type VariantJson = Static<typeof VariantSchema>;
export type FileJson = Static<typeof FileSchema>;
