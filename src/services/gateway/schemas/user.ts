import { type Static, Type } from 'typebox';
import { Id, nullable, refTo, Time, words } from './common.ts';

export const RoleWord = words(['user', 'admin'], { examples: ['user'] });

export const UserSchema = Type.Object(
  {
    id: Id('UUIDv7.'),
    email: Type.String({
      description: 'In lower case. Empty for whom another issuer vouches for.',
      examples: ['ada@example.com'],
    }),
    name: nullable(Type.String({ examples: ['Ada'] })),
    createdAt: Time('When the account was made.'),
    role: RoleWord,
    emailVerified: Type.Boolean({
      description: 'Whether somebody who reads that mailbox has said so, or an admin did.',
    }),
    hasPassword: Type.Boolean({ description: 'False for an account that signs in with other providers alone.' }),
    notifications: Type.Object(
      {
        uploads: Type.Boolean({ description: 'Whether a mail tells when files have come in.' }),
        failures: Type.Boolean({ description: 'Whether a mail tells when files could not be processed.' }),
      },
      { additionalProperties: false },
    ),
    disabledAt: nullable(Time('Nobody can sign in since then; null: they can.')),
  },
  { $id: 'User', additionalProperties: false },
);
export const UserRef = refTo(UserSchema);

export type UserJson = Static<typeof UserSchema>;
