import { Type } from 'typebox';
import { fromWord } from '../../../base/enum-words.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { Role } from '../../../contract/holdfast/v1/auth.ts';
import { userJson } from '../account-json.ts';
import type { RouteModule } from '../app.ts';
import { present } from '../present.ts';
import { clientOf } from '../request.ts';
import { AUTH_BODY_LIMIT, EmailField, IdParams, Nothing, PasswordField } from '../schemas/accounts.ts';
import { NoQuery, PAGE_QUERY, pageOf } from '../schemas/common.ts';
import { RoleWord, UserRef } from '../schemas/user.ts';

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    q: Type.Optional(Type.String({ maxLength: 320, description: 'A part of the e-mail.', examples: ['@example.com'] })),
    role: Type.Optional(RoleWord),
    disabled: Type.Optional(Type.Boolean({ examples: [false] })),
  },
  { additionalProperties: false },
);
const NewUser = Type.Object(
  {
    email: EmailField,
    password: PasswordField,
    name: Type.Optional(Type.String({ maxLength: 200 })),
    role: Type.Optional(RoleWord),
  },
  {
    additionalProperties: false,
    examples: [{ email: 'grace@example.com', password: 'four other words entirely', role: 'user' }],
  },
);
const Change = Type.Object(
  { role: Type.Optional(RoleWord), disabled: Type.Optional(Type.Boolean()) },
  { additionalProperties: false, minProperties: 1, examples: [{ role: 'user' }, { disabled: true }] },
);

/** What admins do with accounts. */
export const adminUserRoutes: RouteModule = (app, { admin }) => {
  app.get(
    '/api/admin/users',
    {
      schema: {
        tags: ['admin'],
        operationId: 'listUsers',
        summary: 'List accounts',
        querystring: ListQuery,
        response: { 200: pageOf(UserRef, 'A page of accounts, the latest first.') },
      },
    },
    async (request) => {
      const { limit = 0, cursor = '', q = '', role, disabled } = request.query;
      const { users, nextCursor } = await admin.listUsers(
        {
          page: { limit, cursor, sort: '' },
          query: q,
          role: role === undefined ? Role.UNSPECIFIED : fromWord(Role, role),
          disabled,
        },
        request.call,
      );
      return { items: users.map(userJson), nextCursor: nextCursor || null };
    },
  );

  app.post(
    '/api/admin/users',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['admin'],
        operationId: 'createUser',
        summary: 'Make an account for somebody',
        description: 'Whoever may sign up.',
        querystring: NoQuery,
        body: NewUser,
        response: { 201: { description: 'The account.', ...UserRef } },
      },
    },
    async (request, reply) => {
      const { role = 'user', ...account } = request.body;
      const { user } = await admin.createUser(
        { ...account, role: fromWord(Role, role), client: clientOf(request) },
        request.call,
      );
      return reply.code(201).send(userJson(present(user)));
    },
  );

  app.get(
    '/api/admin/users/:id',
    {
      schema: {
        tags: ['admin'],
        operationId: 'getUser',
        summary: 'Get an account',
        params: IdParams('account'),
        querystring: NoQuery,
        response: { 200: { description: 'The account.', ...UserRef } },
      },
    },
    async (request) => {
      const { user } = await admin.getAccount({ userId: request.params.id, email: '' }, request.call);
      return userJson(present(user));
    },
  );

  app.patch(
    '/api/admin/users/:id',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['admin'],
        operationId: 'changeUser',
        summary: 'Change a role, disable or enable an account',
        description: 'Disabling ends its sessions and stops its tokens, within a second. The last admin stays one.',
        params: IdParams('account'),
        querystring: NoQuery,
        body: Change,
        response: { 200: { description: 'The account as it is now.', ...UserRef } },
      },
    },
    async (request) => {
      const { role, disabled } = request.body;
      const whom = { userId: request.params.id, client: clientOf(request) };
      let answer = disabled === undefined ? undefined : await admin.setDisabled({ ...whom, disabled }, request.call);
      if (role !== undefined) answer = await admin.setRole({ ...whom, role: fromWord(Role, role) }, request.call);
      if (!answer) throw new HoldfastError('invalid_request', 'Say what to change: role or disabled.');
      return userJson(present(answer.user));
    },
  );

  app.delete(
    '/api/admin/users/:id',
    {
      schema: {
        tags: ['admin'],
        operationId: 'deleteUser',
        summary: 'Delete an account',
        description: 'It can do nothing any more, at once; then its files are purged. It cannot be brought back.',
        params: IdParams('account'),
        querystring: NoQuery,
        response: { 204: Nothing('It is deleted.') },
      },
    },
    async (request, reply) => {
      await admin.deleteUser({ userId: request.params.id, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );
};
