import { MESSAGE_LIMIT } from '../../../rpc/limits.ts';
import { type Begun, sizeOf } from './begun.ts';

/** Parts that are signed with the answer that begins an upload: of one file, and of all. */
const OF_ONE = 100;
const OF_ALL = 1_000;

/** How many parts of each are signed where so many uploads come in parts. */
export const firstParts = (uploads: number): number =>
  Math.min(OF_ONE, Math.max(1, Math.floor(OF_ALL / Math.max(1, uploads))));

/** Parts can be signed by another call; all else of the answer cannot be had again. */
export function leaveOutWhatIsTooMuch(all: readonly Begun[]): void {
  if (all.length === 1) return;
  const size = sizeOf(all);
  if (size <= MESSAGE_LIMIT) return;
  const targets = all.flatMap(({ result }) => result.upload ?? []);
  const signed = targets.map(({ parts }) => parts);
  for (const target of targets) target.parts = [];
  const rest = sizeOf(all);
  const share = (MESSAGE_LIMIT - rest) / (size - rest);
  for (const [place, target] of targets.entries()) {
    const parts = signed[place] ?? [];
    target.parts = parts.slice(0, Math.floor(parts.length * share));
  }
}
