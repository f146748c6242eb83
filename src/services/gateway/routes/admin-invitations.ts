import { Type } from 'typebox';
import { invitationJson } from '../account-json.ts';
import type { RouteModule } from '../app.ts';
import { present } from '../present.ts';
import { clientOf } from '../request.ts';
import { AUTH_BODY_LIMIT, EmailField, IdParams, Nothing } from '../schemas/accounts.ts';
import { InvitationRef } from '../schemas/admin.ts';
import { NoQuery, PAGE_QUERY, pageOf, Time } from '../schemas/common.ts';

const NewInvitation = Type.Object(
  {
    email: Type.Optional(EmailField),
    expiresAt: Type.Optional(Time('In the future; absent: in a week.', { examples: ['2100-01-01T00:00:00.000Z'] })),
  },
  { additionalProperties: false, examples: [{}, { email: 'grace@example.com' }] },
);
const Made = Type.Object(
  {
    invitation: InvitationRef,
    token: Type.String({ description: 'To sign up with, once. It is shown here and never again.' }),
  },
  { additionalProperties: false },
);

/** Who may sign up where `SIGNUP=invite`. */
export const adminInvitationRoutes: RouteModule = (app, { admin }) => {
  app.post(
    '/api/admin/invitations',
    {
      bodyLimit: AUTH_BODY_LIMIT,
      schema: {
        tags: ['admin'],
        operationId: 'createInvitation',
        summary: 'Invite somebody',
        querystring: NoQuery,
        body: NewInvitation,
        response: { 201: { description: 'The invitation.', ...Made } },
      },
    },
    async (request, reply) => {
      const { email, expiresAt } = request.body;
      const { token, invitation } = await admin.createInvitation(
        { email, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt), client: clientOf(request) },
        request.call,
      );
      const answer = { token, invitation: invitationJson(present(invitation)) };
      return reply.code(201).header('cache-control', 'no-store').send(answer);
    },
  );

  app.get(
    '/api/admin/invitations',
    {
      schema: {
        tags: ['admin'],
        operationId: 'listInvitations',
        summary: 'List invitations that can still be used',
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(InvitationRef, 'A page of invitations, the latest first.') },
      },
    },
    async (request) => {
      const { limit = 0, cursor = '' } = request.query;
      const { invitations, nextCursor } = await admin.listInvitations(
        { page: { limit, cursor, sort: '' } },
        request.call,
      );
      return { items: invitations.map(invitationJson), nextCursor: nextCursor || null };
    },
  );

  app.delete(
    '/api/admin/invitations/:id',
    {
      schema: {
        tags: ['admin'],
        operationId: 'revokeInvitation',
        summary: 'Take an invitation back',
        params: IdParams('invitation'),
        querystring: NoQuery,
        response: { 204: Nothing('It is worth nothing now.') },
      },
    },
    async (request, reply) => {
      await admin.revokeInvitation({ invitationId: request.params.id, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );
};
