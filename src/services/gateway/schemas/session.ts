import { type Static, Type } from 'typebox';
import { Id, nullable, refTo, Time, words } from './common.ts';

/** `POST /api/auth/login` and `refresh`: OAuth's own field names (RFC 6749). */
export const TokensAnswer = (description: string) =>
  Type.Object(
    {
      access_token: Type.String({ description: 'To be sent as `Authorization: Bearer …`.' }),
      token_type: Type.Literal('Bearer'),
      expires_in: Type.Integer({ description: 'Seconds.', examples: [900] }),
      refresh_token: Type.String({ description: 'For `POST /api/auth/refresh`, once: the answer holds the next.' }),
      refresh_expires_in: Type.Integer({ description: 'Seconds, unless it is used before.', examples: [1209600] }),
    },
    { description, additionalProperties: false },
  );

export const SessionSchema = Type.Object(
  {
    id: Id('UUIDv7.'),
    kind: words(['web', 'tokens'], { description: '`web`: a browser with a cookie; `tokens`: a client with tokens.' }),
    current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
    address: Type.String({ description: 'Where it began, or was refreshed last.', examples: ['203.0.113.7'] }),
    userAgent: Type.String({ description: 'What that client calls itself.', examples: ['Mozilla/5.0'] }),
    createdAt: Time('When it began.'),
    lastUsedAt: Time('To within some minutes.'),
    expiresAt: Time('It ends then, unless it is used before.'),
  },
  { $id: 'Session', additionalProperties: false },
);
export const SessionRef = refTo(SessionSchema);
export type SessionJson = Static<typeof SessionSchema>;

export const ScopeWord = words(['files:read', 'files:write', 'files:delete', 'jobs', 'admin', 'act-as'], {
  examples: ['files:read'],
});

export const ApiTokenSchema = Type.Object(
  {
    id: Id('UUIDv7.'),
    name: Type.String({ examples: ['build server'] }),
    scopes: Type.Array(ScopeWord),
    hint: Type.String({ description: 'Its first characters.', examples: ['hft_k3ZQ9a'] }),
    createdAt: Time('When it was made.'),
    expiresAt: nullable(Time('When it ends; null: never.')),
    lastUsedAt: nullable(Time('To within a minute; null: never.')),
  },
  { $id: 'ApiToken', additionalProperties: false },
);
export const ApiTokenRef = refTo(ApiTokenSchema);
export type ApiTokenJson = Static<typeof ApiTokenSchema>;
