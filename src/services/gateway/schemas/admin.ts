import { type Static, Type } from 'typebox';
import { Id, nullable, refTo, Time, words } from './common.ts';

export const InvitationSchema = Type.Object(
  {
    id: Id('UUIDv7.'),
    email: nullable(
      Type.String({ description: 'Whom it is for; null: whoever has it.', examples: ['ada@example.com'] }),
    ),
    createdAt: Time('When it was made.'),
    expiresAt: Time('When it ends.'),
  },
  { $id: 'Invitation', additionalProperties: false },
);
export const InvitationRef = refTo(InvitationSchema);
export type InvitationJson = Static<typeof InvitationSchema>;

export const AuditEntrySchema = Type.Object(
  {
    id: Id('UUIDv7.'),
    createdAt: Time('When it was done.'),
    action: Type.String({ examples: ['session.created'] }),
    actor: Type.Object(
      {
        kind: words(['user', 'service', 'anonymous']),
        id: Type.String({ description: 'Of the user; the name of a service.' }),
        credentialId: nullable(Type.String({ description: 'The session or API token that was used.' })),
      },
      { additionalProperties: false },
    ),
    target: Type.Object(
      { kind: Type.String({ examples: ['user'] }), id: Type.String() },
      { additionalProperties: false },
    ),
    ownerId: nullable(Type.String({ description: 'For whom a back end acted.' })),
    address: Type.String({ examples: ['203.0.113.7'] }),
    userAgent: Type.String(),
    requestId: Type.String(),
    data: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'AuditEntry', additionalProperties: false },
);
export const AuditEntryRef = refTo(AuditEntrySchema);
export type AuditEntryJson = Static<typeof AuditEntrySchema>;
