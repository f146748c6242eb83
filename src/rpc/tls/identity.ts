/** Who a certificate is for stands in its SAN as a SPIFFE ID: `spiffe://holdfast/<service>`, `spiffe://holdfast/client/<name>`. */

/** Our own services: each has a name, and in a mesh a certificate. */
export const SERVICES = ['gateway', 'auth', 'files', 'storage', 'ingest', 'processor', 'janitor', 'notifier'] as const;
export type ServiceName = (typeof SERVICES)[number];

const ID = /^spiffe:\/\/holdfast\/([a-z0-9][a-z0-9._-]{0,62}(?:\/[a-z0-9][a-z0-9._-]{0,62})?)$/;

export const idOf = (name: string): string => `spiffe://holdfast/${name}`;

/** Whether a certificate can be made out to this name. */
export const isName = (name: string): boolean => ID.test(idOf(name));

/** One entry of Node's `subjectaltname`, its value quoted as JSON where it holds anything that could mislead. */
const ENTRY = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;

/** The entries of a `subjectAltName` as Node prints it. A text that cannot be read whole has none. */
export function entriesOf(subjectAltName: string | undefined): { readonly kind: string; readonly value: string }[] {
  const text = subjectAltName ?? '';
  const entries: { kind: string; value: string }[] = [];
  ENTRY.lastIndex = 0;
  while (ENTRY.lastIndex < text.length) {
    const [, kind, value] = ENTRY.exec(text) ?? [];
    if (kind === undefined || value === undefined) return [];
    entries.push({ kind, value });
  }
  return entries;
}

/** Whom a certificate is for. */
export const namesOf = (subjectAltName: string | undefined): string[] =>
  entriesOf(subjectAltName).flatMap(({ kind, value }) => (kind === 'URI' ? (ID.exec(value)?.[1] ?? []) : []));
