import { Type } from 'typebox';
import { Id } from './common.ts';

/** Bytes of a body. Anybody may send one, and reading JSON costs time in which nobody else is served. */
export const AUTH_BODY_LIMIT = 16 * 1024;

export const EmailField = Type.String({ maxLength: 320, description: 'In any case; it is kept in lower case.' });
export const PasswordField = Type.String({
  maxLength: 256,
  description: 'At least 8 characters, at most 72 bytes in UTF-8, and not one that many people have.',
});
export const EXAMPLE_CREDENTIALS = { email: 'ada@example.com', password: 'correct horse battery staple' };

export const Credentials = Type.Object(
  { email: EmailField, password: PasswordField },
  { additionalProperties: false, examples: [EXAMPLE_CREDENTIALS] },
);

export const IdParams = (what: string) => Type.Object({ id: Id(`The id of the ${what}.`) });
export const Nothing = (description: string) => Type.Null({ description });

/** What is answered where a mail says the rest: the same, whether there is such an account or not. */
export const MAIL_ANSWER = { message: 'If there is something to tell, it is in a mail to that address.' };
export const MailAnswer = Type.Object(
  { message: Type.String({ examples: [MAIL_ANSWER.message] }) },
  { description: 'A mail says the rest.', additionalProperties: false },
);
