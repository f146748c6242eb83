import { type Callable, type Ground, outcome, PASSWORD as password, someClient } from './ground.ts';

export const NEW_PASSWORD = 'quiet river seven stones';

/** What people and the notifier do with mails, and what becomes of it. */
export function useMailbox(ground: Ground) {
  const notifier = () => ground.as({ kind: 'service', name: 'notifier' });

  /** Events of an account (`''`: of nobody), first to last. */
  const events = (userId: string) =>
    ground.db.reader
      .selectFrom('auth_outbox')
      .select(['id', 'type', 'data'])
      .where('user_id', '=', userId)
      .orderBy('id')
      .execute();
  const latest = async (userId: string, type: string) => {
    const found = (await events(userId)).filter((event) => event.type === type).at(-1);
    if (!found) throw new Error(`There is no ${type}.`);
    return found.id;
  };
  const prepared = async (userId: string, type: string) =>
    ground.mail.prepareMail({ eventId: await latest(userId, type) }, notifier());
  const verifyLink = (userId: string) => prepared(userId, 'email.verification_requested');
  const resetLink = (userId: string) => prepared(userId, 'password.reset_requested');
  const logIn = (email: string, given = password, service: Callable = ground) =>
    service.auth.logIn({ email, password: given, client: someClient() }, ground.anonymous);
  const verify = (token: string, given = password) =>
    outcome(ground.auth.verifyEmail({ token, password: given, client: someClient() }, ground.anonymous));
  const reset = (token: string, newPassword = NEW_PASSWORD) =>
    outcome(ground.auth.resetPassword({ token, newPassword }, ground.anonymous));
  const askReset = (email: string, client = someClient()) =>
    ground.auth.requestPasswordReset({ email, client }, ground.anonymous);
  const askVerification = (email: string) =>
    ground.auth.requestEmailVerification({ email, client: someClient() }, ground.anonymous);
  const altered = (token: string) => [
    '',
    token.slice(0, -1),
    `${token}0`,
    token.replace(/^hf./, 'hfs'),
    token.replace(/^(.{10})./, (_, head) => `${head}${token[10] === 'A' ? 'B' : 'A'}`),
  ];

  return {
    notifier,
    events,
    latest,
    prepared,
    verifyLink,
    resetLink,
    logIn,
    verify,
    reset,
    askReset,
    askVerification,
    altered,
  };
}
