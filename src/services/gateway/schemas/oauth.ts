import { type Static, Type } from 'typebox';
import { Id, nullable, refTo, Time } from './common.ts';

export const SignInProviderSchema = Type.Object(
  {
    name: Type.String({ description: 'As it stands in paths.', examples: ['google'] }),
    title: Type.String({ description: 'For people.', examples: ['Google'] }),
    url: Type.String({ description: 'Where a link to sign in leads.', examples: ['/api/auth/oauth/google'] }),
  },
  { $id: 'SignInProvider', additionalProperties: false },
);
export const SignInProviderRef = refTo(SignInProviderSchema);

export const LinkedAccountSchema = Type.Object(
  {
    id: Id('UUIDv7.'),
    provider: nullable(
      Type.String({ description: 'Null for one that nobody can sign in with any more.', examples: ['google'] }),
    ),
    issuer: Type.String({ description: 'Who vouches for it.', examples: ['https://accounts.google.com'] }),
    email: nullable(Type.String({ description: 'As the provider said last.', examples: ['ada@example.com'] })),
    createdAt: Time('When it was linked.'),
  },
  { $id: 'LinkedAccount', additionalProperties: false },
);
export const LinkedAccountRef = refTo(LinkedAccountSchema);
export type LinkedAccountJson = Static<typeof LinkedAccountSchema>;
