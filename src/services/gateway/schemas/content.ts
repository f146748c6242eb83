import { Type } from 'typebox';

export const DownloadParameter = Type.String({
  maxLength: 1024,
  description:
    '`1` has it saved under its own name, any other text under that. Without it, it is shown where it may be.',
  examples: ['1'],
});

export const VariantType = Type.String({
  maxLength: 128,
  description: 'The type of a variant. One that is still being made is 404 `variant_pending`, with Retry-After.',
  examples: ['thumbnail'],
});

const bytes = (description: string) => ({
  description,
  content: { '*/*': { schema: Type.String({ contentEncoding: 'binary' }) } },
});

/** What routes answer that hand content out. */
export const CONTENT_RESPONSES = {
  200: bytes('The content.'),
  206: bytes('The range of it that was asked for.'),
  304: Type.Null({ description: 'What the client has is still right.' }),
};
