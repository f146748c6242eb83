import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { GatewayDeps } from './deps.ts';

type Raw = import('node:http').IncomingMessage;
type RawReply = import('node:http').ServerResponse;

/** The server as route modules see it: what a handler gets is typed by the route's TypeBox schemas. */
export type App = FastifyInstance<RawServerDefault, Raw, RawReply, FastifyBaseLogger, TypeBoxTypeProvider>;

/**
 * One resource. It is given a scope of its own: hooks and content type parsers that it adds there are not seen by the
 * others. `routes/index.ts` lists them all.
 */
export type RouteModule = (app: App, deps: GatewayDeps) => void | Promise<void>;
