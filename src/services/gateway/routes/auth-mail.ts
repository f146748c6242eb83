import { Type } from 'typebox';
import type { RouteModule } from '../app.ts';
import { clientOf } from '../request.ts';
import {
  AUTH_BODY_LIMIT,
  EmailField,
  EXAMPLE_CREDENTIALS,
  MAIL_ANSWER,
  MailAnswer,
  Nothing,
  PasswordField,
} from '../schemas/accounts.ts';
import { NoQuery } from '../schemas/common.ts';

const EmailBody = Type.Object(
  { email: EmailField },
  { additionalProperties: false, examples: [{ email: 'ada@example.com' }] },
);
const token = Type.String({ maxLength: 128, description: 'What stands behind `#` in the link of the mail.' });
const VerifyBody = Type.Object(
  { token, password: Type.String({ maxLength: 256, description: 'The account’s.' }) },
  { additionalProperties: false, examples: [{ token: 'hfv_…', password: EXAMPLE_CREDENTIALS.password }] },
);
const ResetBody = Type.Object(
  { token, newPassword: PasswordField },
  { additionalProperties: false, examples: [{ token: 'hfp_…', newPassword: 'four other words entirely' }] },
);

/** What leads through a mailbox. */
export const authMailRoutes: RouteModule = (app, { auth }) => {
  const anyone = { bodyLimit: AUTH_BODY_LIMIT, config: { access: 'anyone', limit: 'sign-in' } } as const;
  const said = 'Answers the same, whether there is such an account or not. After some mails to one account: 429.';

  app.post(
    '/api/auth/verify-email',
    {
      ...anyone,
      schema: {
        tags: ['auth'],
        operationId: 'requestEmailVerification',
        summary: 'Get a mail to confirm an e-mail',
        description: said,
        querystring: NoQuery,
        body: EmailBody,
        response: { 202: MailAnswer },
      },
    },
    async (request, reply) => {
      await auth.requestEmailVerification({ ...request.body, client: clientOf(request) }, request.call);
      return reply.code(202).send(MAIL_ANSWER);
    },
  );

  app.post(
    '/api/auth/verify-email/confirm',
    {
      ...anyone,
      schema: {
        tags: ['auth'],
        operationId: 'verifyEmail',
        summary: 'Confirm an e-mail by the token of the mail and the password',
        description:
          'A token is good once, for a day. One that is not: `token_invalid`. Another password than the account’s: ' +
          '`wrong_credentials`, and the token stays good.',
        querystring: NoQuery,
        body: VerifyBody,
        response: { 204: Nothing('It is confirmed.') },
      },
    },
    async (request, reply) => {
      await auth.verifyEmail({ ...request.body, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/auth/password-reset',
    {
      ...anyone,
      schema: {
        tags: ['auth'],
        operationId: 'requestPasswordReset',
        summary: 'Get a mail to choose another password',
        description: said,
        querystring: NoQuery,
        body: EmailBody,
        response: { 202: MailAnswer },
      },
    },
    async (request, reply) => {
      await auth.requestPasswordReset({ ...request.body, client: clientOf(request) }, request.call);
      return reply.code(202).send(MAIL_ANSWER);
    },
  );

  app.post(
    '/api/auth/password-reset/confirm',
    {
      ...anyone,
      schema: {
        tags: ['auth'],
        operationId: 'resetPassword',
        summary: 'Choose another password by the token of the mail',
        description: 'Ends all sessions. A token is good once, for an hour; a password that is refused leaves it good.',
        querystring: NoQuery,
        body: ResetBody,
        response: { 204: Nothing('It is changed.') },
      },
    },
    async (request, reply) => {
      await auth.resetPassword({ ...request.body, client: clientOf(request) }, request.call);
      return reply.code(204).send(null);
    },
  );
};
