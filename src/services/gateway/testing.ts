import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { type Answer, type CallOptions, call } from '../../../test/harness/http.ts';
import { HoldfastError } from '../../base/errors.ts';
import { type AuthenticateResponse, CredentialKind, Role } from '../../contract/holdfast/v1/auth.ts';
import { openObjects } from '../../drivers/objects/index.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import type { RouteModule } from './app.ts';
import type { GatewayDeps, GatewaySettings } from './deps.ts';
import { createGateway } from './index.ts';
import { NO_LIMITS } from './rate-limits/limits.ts';

/** What auth answers of a user who logged in. */
export const identityOf = (userId: string): AuthenticateResponse => ({
  userId,
  kind: CredentialKind.ACCESS_TOKEN,
  credentialId: '',
  role: Role.USER,
  scopes: ['files:read', 'files:write', 'files:delete', 'jobs', 'account'],
});

interface Options {
  readonly settings?: Partial<GatewaySettings>;
  readonly probes?: GatewayDeps['probes'];
  readonly uploads?: Partial<GatewayDeps['uploads']>;
  /** Stands between the gateway and the store. */
  readonly objects?: (store: ObjectStore) => ObjectStore;
  /** What auth says of a token, in place of a user whose id it is. */
  readonly authenticate?: (token: string) => Promise<AuthenticateResponse>;
  /** What else auth does. */
  readonly auth?: Partial<GatewayDeps['auth']>;
  readonly audit?: Partial<GatewayDeps['audit']>;
  readonly rateLimits?: Partial<GatewayDeps['rateLimits']>;
  /** A route that a test needs, beside those of the product. */
  readonly route?: RouteModule;
}

/**
 * A gateway on loopback with a real store on disk behind it, and behind that nobody: for what it does by itself. The
 * access token of a user is the user's id, except for "expired".
 */
export async function startBareGateway({
  settings,
  probes = {},
  uploads = {},
  objects = (store) => store,
  route,
  authenticate,
  auth: more = {},
  audit = {},
  rateLimits = {},
}: Options = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-gateway-'));
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).trim().split('\n')) lines.push(JSON.parse(line));
      done();
    },
  });
  const log = pino({ base: undefined }, sink);
  let url = '';
  const store = await openObjects('file:', { dataDir, signingKey: Buffer.alloc(32, 1), publicUrl: () => url, log });
  const auth = {
    ...more,
    async authenticate({ token }: { token: string }) {
      if (token === 'expired')
        throw new HoldfastError('unauthenticated', 'The access token has expired. Log in again.');
      return authenticate ? authenticate(token) : identityOf(token);
    },
  };
  const gateway = createGateway({
    auth: auth as unknown as GatewayDeps['auth'],
    admin: {} as GatewayDeps['admin'],
    audit: audit as GatewayDeps['audit'],
    rateLimits: rateLimits as GatewayDeps['rateLimits'],
    files: {} as GatewayDeps['files'],
    fileAdmin: {} as GatewayDeps['fileAdmin'],
    uploads: uploads as GatewayDeps['uploads'],
    objects: objects(store),
    probes,
    settings: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: undefined,
      trustProxy: [],
      corsOrigins: [],
      signInOrigins: [],
      maxFileSize: 1024 ** 3,
      allowedTypes: [],
      rateLimits: NO_LIMITS,
      version: '1.2.3',
      ...settings,
    },
    log,
  });
  if (route) gateway.app.register(async (scope) => route(scope as never, {} as GatewayDeps));
  ({ url } = await gateway.listen());
  return {
    gateway,
    url,
    store,
    /** What was logged so far. */
    lines,
    call: (method: string, path: string, options?: CallOptions): Promise<Answer> => call(method, url + path, options),
    async close() {
      await gateway.stop();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type BareGateway = Awaited<ReturnType<typeof startBareGateway>>;
