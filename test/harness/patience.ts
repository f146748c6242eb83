/**
 * What limits on waiting are multiplied by: a machine may be busy, or lend others most of what it has, and who waits
 * for an event is not slower for it. Where nobody looks on, much patience; a person wants to know soon.
 */
export const PATIENCE = Number(process.env.TEST_PATIENCE ?? (process.env.CI ? 6 : 1));
