const DAY = 24 * 3600_000;

/** Milliseconds without use after which a session ends. */
export const IDLE = 14 * DAY;
/** Milliseconds after which a session ends, however much it is used. */
export const LONGEST = 90 * DAY;

/** When a session ends that was used now. */
export const expiryOf = (createdAt: number, now: number): number => Math.min(now + IDLE, createdAt + LONGEST);

/** Whole seconds until then. */
export const secondsUntil = (expiresAt: number, now: number): number =>
  Math.max(0, Math.floor((expiresAt - now) / 1_000));
