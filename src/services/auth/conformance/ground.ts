import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, vi } from 'vitest';
import { ANONYMOUS, type CallContext, type Principal, serviceContext } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import {
  AccountEventServiceDefinition,
  AccountMaintenanceServiceDefinition,
  AuditServiceDefinition,
} from '../../../contract/holdfast/internal/v1/account.ts';
import { AccountMailServiceDefinition } from '../../../contract/holdfast/internal/v1/account_mail.ts';
import { RateLimitServiceDefinition } from '../../../contract/holdfast/internal/v1/rate_limit.ts';
import { AccountAdminServiceDefinition } from '../../../contract/holdfast/v1/account_admin.ts';
import { AuthServiceDefinition, type Client, type User } from '../../../contract/holdfast/v1/auth.ts';
import { openBroker } from '../../../drivers/broker/index.ts';
import type { Broker } from '../../../drivers/broker/port.ts';
import { openDatabase } from '../../../drivers/database/index.ts';
import type { Database, DatabaseServer } from '../../../drivers/database/port.ts';
import type { Service } from '../../../rpc/contract.ts';
import { type Calls, IN_PROCESS } from '../../../rpc/testing/calls.ts';
import { createPasswordHashing, type PasswordHashing } from '../hashing/index.ts';
import { AUTH_MIGRATIONS, type AuthOptions, type AuthTables, createAuthService, secretKey } from '../index.ts';

/** An empty database that nobody else uses. */
export interface Place {
  readonly url: string;
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** The contracts of one auth service, as its callers have them. */
export interface Callable {
  readonly auth: Service<AuthServiceDefinition>;
  readonly admin: Service<AccountAdminServiceDefinition>;
  readonly audit: Service<AuditServiceDefinition>;
  readonly maintenance: Service<AccountMaintenanceServiceDefinition>;
  readonly events: Service<AccountEventServiceDefinition>;
  readonly rateLimits: Service<RateLimitServiceDefinition>;
  readonly mail: Service<AccountMailServiceDefinition>;
}

export interface Ground extends Callable {
  readonly db: Database<AuthTables>;
  readonly broker: Broker;
  readonly hashing: PasswordHashing;
  readonly signingKey: Uint8Array;
  /** Another auth service on the same database. */
  create(options?: Partial<AuthOptions>): Callable;
  as(principal: Principal): CallContext;
  asUser(user: Pick<User, 'id'>): CallContext;
  readonly anonymous: CallContext;
  readonly service: CallContext;
  /** Makes an account. */
  account(email?: string): Promise<User>;
  /** An account that is an admin. */
  adminAccount(): Promise<User>;
}

export const PASSWORD = 'tidal lamp purple frost';
const RETENTION = 24 * 3600_000;

/** A client at an address that no other test counts failures for. */
export const someClient = (userAgent = 'Test/1.0'): Client => ({
  address: `10.${[...randomBytes(3)].join('.')}`,
  userAgent,
});

/** Of nobody yet. */
export const someEmail = (): string => `${newId()}@example.com`;

/** Does something as if so many milliseconds had gone by, at one moment: what it counts does not depend on how long it takes. */
export async function later<R>(milliseconds: number, work: () => Promise<R>): Promise<R> {
  vi.useFakeTimers({ now: Date.now() + milliseconds, toFake: ['Date'] });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}

/** How a call ended: `done`, or the code of its error. */
export const outcome = (call: Promise<unknown>) => call.then(() => 'done').catch(({ code }) => code);

/** What laws stand on, there while the tests of a file run. */
export function useGround(start: () => Promise<Place>, calls: Calls = IN_PROCESS): Ground {
  const log = pino({ level: 'silent' });
  const signingKey = randomBytes(32);
  const refreshKey = randomBytes(32);
  const signInKey = randomBytes(32);
  /** As strong as it must be to be seen working. */
  const hashing = createPasswordHashing({ cost: 4 });
  let place: Place;
  let server: DatabaseServer;
  let made: { db: Database<AuthTables>; broker: Broker } & Callable;

  const create = (options: Partial<AuthOptions> = {}): Callable => {
    const service = createAuthService({
      db: made.db,
      broker: made.broker,
      signingKeys: secretKey(signingKey),
      refreshKey,
      signup: 'open',
      emailVerification: 'optional',
      issuers: [],
      providers: [],
      signInKey,
      auditRetention: RETENTION,
      log,
      hashing,
      ...options,
    });
    return {
      auth: calls.to(AuthServiceDefinition, service.auth),
      admin: calls.to(AccountAdminServiceDefinition, service.admin),
      audit: calls.to(AuditServiceDefinition, service.audit),
      maintenance: calls.to(AccountMaintenanceServiceDefinition, service.maintenance),
      events: calls.to(AccountEventServiceDefinition, service.events),
      rateLimits: calls.to(RateLimitServiceDefinition, service.rateLimits),
      mail: calls.to(AccountMailServiceDefinition, service.mail),
    };
  };

  beforeAll(async () => {
    place = await start();
    server = await openDatabase(place.url, { dataDir: place.dataDir, log });
    const broker = await openBroker('local:', { log });
    const db = server.view<AuthTables>();
    await db.migrate('auth', AUTH_MIGRATIONS);
    made = { db, broker } as typeof made;
    Object.assign(made, create());
  });
  afterAll(async () => {
    await calls.close();
    await made.broker.close();
    await server.close();
    await place.stop();
  });

  const as = (principal: Principal): CallContext => ({ ...serviceContext('test', log, newId()), principal });
  const helpers = {
    hashing,
    signingKey,
    create,
    as,
    asUser: ({ id }: Pick<User, 'id'>) => as({ kind: 'user', ownerId: id }),
    get anonymous() {
      return as(ANONYMOUS);
    },
    get service() {
      return as({ kind: 'service', name: 'janitor' });
    },
    async account(email = someEmail()) {
      const { user } = await made.auth.signUp({ email, password: PASSWORD }, helpers.anonymous);
      if (!user) throw new Error('no user');
      return user;
    },
    async adminAccount() {
      const user = await helpers.account();
      await made.db.unit((tx) => tx.updateTable('users').set({ role: 'admin' }).where('id', '=', user.id).execute());
      return user;
    },
  };
  return new Proxy(helpers as unknown as Ground, {
    get: (target, name) => Reflect.get(Reflect.has(target, name) ? target : made, name),
  });
}
