import { randomBytes } from 'node:crypto';

/** A name that nobody has, fit for databases, buckets, virtual hosts and prefixes. */
export const freshName = (): string => `t${randomBytes(8).toString('hex')}`;

/** The URL with another path: of a database server the database, of a message broker the virtual host. */
export function withPath(url: string, path: string): string {
  const changed = new URL(url);
  changed.pathname = `/${path}`;
  return changed.href;
}

export function withQuery(url: string, name: string, value: string): string {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
}
