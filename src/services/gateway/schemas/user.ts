import { type Static, Type } from 'typebox';
import { Id, nullable, refTo, Time } from './common.ts';

export const UserSchema = Type.Object(
  {
    id: Id('UUIDv7.'),
    email: Type.String({ description: 'In lower case.', examples: ['ada@example.com'] }),
    name: nullable(Type.String({ examples: ['Ada'] })),
    createdAt: Time('When the account was made.'),
  },
  { $id: 'User', additionalProperties: false },
);
export const UserRef = refTo(UserSchema);

export type UserJson = Static<typeof UserSchema>;
