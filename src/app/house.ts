import type { CONTRACTS } from '../rpc/contracts.ts';
import type { ServiceName } from '../rpc/tls/identity.ts';

/** What a service may stand on. */
export type Driver = 'database' | 'objects' | 'broker' | 'mail';
/** A service that others call. */
export type Called = keyof typeof CONTRACTS;

interface Place {
  readonly standsOn: readonly Driver[];
  readonly calls: readonly Called[];
}

/** What each service stands on, and whom it calls. */
export const HOUSE = {
  gateway: { standsOn: ['objects'], calls: ['auth', 'files'] },
  auth: { standsOn: ['database', 'broker'], calls: [] },
  // Auth too, where GRPC_CLIENTS lets other back ends in: what they do is in its audit trail.
  files: { standsOn: ['database', 'broker'], calls: ['storage'] },
  // Asks files whose the object store is, as everybody does who holds it.
  storage: { standsOn: ['objects'], calls: ['files'] },
  // Whom it hears is settled by INGEST_URL and INGEST_SECRET.
  ingest: { standsOn: [], calls: ['files'] },
  processor: { standsOn: ['objects', 'broker'], calls: ['files'] },
  janitor: { standsOn: ['broker'], calls: ['auth', 'files', 'storage'] },
  notifier: { standsOn: ['database', 'broker', 'mail'], calls: ['auth', 'files'] },
} as const satisfies Partial<Record<ServiceName, Place>>;

/** A service that can be served. */
export type Served = keyof typeof HOUSE;

export const ALL_SERVICES = Object.keys(HOUSE) as Served[];
