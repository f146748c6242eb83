/** Milliseconds after which nobody waits for a mail any more: for a notifier that comes to a log that is there already. */
const LATEST = 24 * 3600_000;

export const isNews = (createdAt: Date | undefined): boolean =>
  createdAt !== undefined && createdAt.getTime() > Date.now() - LATEST;
