import Fastify, { type FastifyInstance, type RequestPayload } from 'fastify';
import { HoldfastError } from '../../base/errors.ts';
import { within } from '../../base/tracing.ts';
import type { App } from './app.ts';
import { guardRoutes } from './authenticate.ts';
import { answerClientError } from './client-error.ts';
import { allowOrigins } from './cors.ts';
import { cookieName, isSecure } from './credentials.ts';
import type { GatewayDeps } from './deps.ts';
import { takeNoBodyAsEmpty } from './empty-body.ts';
import { createMethodGuard } from './methods.ts';
import { measureRequest } from './metrics.ts';
import { describeApi } from './openapi.ts';
import { sendProblem } from './problem.ts';
import { createLimiter } from './rate-limits/limits.ts';
import { WindowCounts } from './rate-limits/window-counts.ts';
import { createCall } from './request.ts';
import { requestIdOf } from './request-id.ts';
import { logRequest, whenAnswered } from './request-log.ts';
import { endRequestSpan, startRequestSpan } from './request-span.ts';
import { ROUTES } from './routes/index.ts';
import { addSchemas } from './schemas/index.ts';
import { compileValidator } from './validator.ts';

/** Bytes of a JSON body; routes that take files read their bodies themselves. */
const JSON_LIMIT = 1024 * 1024;
/** Milliseconds without a byte in either direction after which a connection is given up. */
const IDLE_TIMEOUT = 120_000;
/** Milliseconds for the head of a request to arrive, and then for a JSON body. */
const HEADERS_TIMEOUT = 30_000;
const JSON_TIMEOUT = 30_000;

/** The HTTP server with all its routes, not listening yet. `counts`: of requests, for their limits. */
export function buildServer(deps: GatewayDeps, counts = new WindowCounts()): App {
  const { settings, log } = deps;
  const app = Fastify({
    bodyLimit: JSON_LIMIT,
    connectionTimeout: IDLE_TIMEOUT,
    keepAliveTimeout: 72_000,
    http: { headersTimeout: HEADERS_TIMEOUT },
    // A request that came in time on an open connection is answered, also while the server stops.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4096 },
    trustProxy: settings.trustProxy.length > 0 ? [...settings.trustProxy] : false,
    genReqId: requestIdOf,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      request.call ??= createCall(request, reply, log);
      reply.header('x-request-id', request.id);
      sendProblem(request, reply, error);
    },
  }) as FastifyInstance as unknown as App;

  app.decorateRequest('call');
  app.decorateRequest('identity');
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(() => JSON.stringify);
  readJson(app);
  addSchemas(app);

  app.addHook('onRequest', (request, reply, done) => {
    const span = startRequestSpan(request);
    request.call = createCall(request, reply, log, span?.trace);
    reply.raw.setHeader('x-request-id', request.id);
    const { socket } = request.raw;
    whenAnswered(request, reply, (answered) => {
      logRequest(log, request, answered);
      measureRequest(answered, socket);
      endRequestSpan(span, answered);
    });
    within(span, done);
  });
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, new HoldfastError('not_found', 'There is nothing at this URL.')),
  );

  const methods = createMethodGuard();
  app.addHook('onRoute', guardRoutes(deps, createLimiter(counts, settings.rateLimits)));
  app.addHook('onRoute', methods.note);
  app.addHook('onRoute', takeNoBodyAsEmpty);
  describeApi(app, { version: settings.version, cookieName: cookieName(isSecure(settings.publicUrl)) });
  allowOrigins(app, settings.corsOrigins);
  for (const route of ROUTES) app.register(async (scope) => route(scope as App, deps));
  app.register(async (scope) => methods.register(scope as App));
  return app;
}

/** JSON is the only body that is parsed for every route; an empty one counts as none. */
function readJson(app: App): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (/^application\/json/i.test(request.headers['content-type'] ?? '')) limitTime(payload);
    done(null, payload);
  });
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = textOf(body as Buffer);
    if (text === '') done(null, undefined);
    else if (text === undefined)
      done(new HoldfastError('invalid_request', 'The body is not UTF-8, as JSON has to be.'));
    else parse(request, text, done);
  });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined where bytes are no text: with one character in the place of each, two passwords would be the same. */
function textOf(body: Buffer): string | undefined {
  try {
    return UTF8.decode(body);
  } catch {
    return undefined;
  }
}

/** A body that trickles in byte by byte is never idle: it would hold its connection for ever. */
function limitTime(payload: RequestPayload): void {
  const late = () => payload.emit('error', new HoldfastError('request_timeout', 'The body did not arrive in time.'));
  const timer = setTimeout(late, JSON_TIMEOUT);
  for (const end of ['end', 'error', 'close']) payload.once(end, () => clearTimeout(timer));
}
