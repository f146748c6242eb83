import { hasCode } from '../../base/errors.ts';

/** Codes that say: this work is not ours to end any more, or its file is gone. */
export const isLost = (error: unknown): boolean => hasCode(error, 'lease_lost', 'not_found', 'gone');
