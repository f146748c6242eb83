/** Another back end, by the name in its certificate: `spiffe://holdfast/client/<name>`. */
export interface ClientGrant {
  readonly name: string;
  /** `read`: only what changes nothing. `admin`: also what admins see of all owners and do for them. */
  readonly may: 'all' | 'read' | 'admin';
}

/** One of `billing`, `reports:read` or `console:admin`; undefined for anything else. */
export function parseClientGrant(text: string): ClientGrant | undefined {
  const match = /^([a-z0-9][a-z0-9._-]{0,62})(?::(read|admin))?$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  return { name: match[1], may: (match[2] as 'read' | 'admin' | undefined) ?? 'all' };
}
