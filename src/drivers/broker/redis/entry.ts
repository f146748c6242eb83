import type { Reply } from './script.ts';

/** A message that a consumer holds. */
export interface Entry {
  readonly id: string;
  /** As it was published. */
  readonly body: string;
  /** Which try this is, from 1. */
  readonly attempt: number;
}

/** `id`, the fields and how often it was delivered, as the server answers them; undefined where it is not one of ours. */
export function toEntry(id: Reply, fields: Reply, delivered: number): Entry | undefined {
  if (typeof id !== 'string' || !Array.isArray(fields)) return undefined;
  const field = (name: string) => {
    const at = fields.findIndex((value, index) => index % 2 === 0 && value === name);
    return at < 0 ? undefined : String(fields[at + 1]);
  };
  return { id, body: field('m') ?? '', attempt: Number(field('a') ?? 0) + delivered };
}
