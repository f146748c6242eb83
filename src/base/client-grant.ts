/** Another back end, by the name in its certificate: `spiffe://holdfast/client/<name>`. */
export interface ClientGrant {
  readonly name: string;
  /** `read`: only what changes nothing. */
  readonly may: 'all' | 'read';
}

/** One of `billing` or `reports:read`; undefined for anything else. */
export function parseClientGrant(text: string): ClientGrant | undefined {
  const match = /^([a-z0-9][a-z0-9._-]{0,62})(:read)?$/.exec(text);
  return match?.[1] === undefined ? undefined : { name: match[1], may: match[2] ? 'read' : 'all' };
}
