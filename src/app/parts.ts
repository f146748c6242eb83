import type { Logger } from '../base/logger.ts';
import type { Probe } from '../base/probe.ts';
import { type Config, hasIngest } from '../config.ts';
import type { Answers } from '../rpc/contracts.ts';
import type { RpcServer } from '../rpc/server/index.ts';
import type { Certificates } from '../rpc/tls/certificates.ts';
import type { ProcessingCatalog } from '../services/files/catalog.ts';
import { createHealthServer, type HealthServer } from '../services/gateway/health-server.ts';
import { createGateway } from '../services/gateway/index.ts';
import type { Janitor } from '../services/janitor/index.ts';
import type { Notifier } from '../services/notifier/index.ts';
import type { Processor } from '../services/processor/index.ts';
import { named } from './drivers.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Ground } from './ground.ts';
import { grpcServerOf } from './grpc.ts';
import type { Called, Served } from './house.ts';
import { ingestOn, type OpenIngest } from './ingest.ts';
import { auditsBackEnds, type Plan } from './plan.ts';
import { authOn, filesOn, gatewayDepsOn, janitorOn, notifierOn, probesOf, processorOn, storageOn } from './services.ts';
import { tracedAnswering, tracedAnswers } from './tracing/calls.ts';
import { version } from './version.ts';

/** The services of a process, made and not started. What does not run here is undefined. */
export interface Parts {
  /** A service that is called, here or elsewhere. Throws for one that nobody here calls. */
  answersOf<S extends Called>(service: S): Answers<S>;
  readonly auth: Awaited<ReturnType<typeof authOn>> | undefined;
  readonly files: ReturnType<typeof filesOn> | undefined;
  readonly processor: Processor | undefined;
  readonly janitor: Janitor | undefined;
  readonly notifier: Notifier | undefined;
  readonly ingest: OpenIngest | undefined;
  /** The API where the gateway is, otherwise health alone. */
  readonly http: Pick<HealthServer, 'listen' | 'stop'>;
  /** Undefined where there is nothing to answer to other processes, or no certificate. */
  readonly grpc: RpcServer | undefined;
  /** Of all that the process stands on and calls. */
  readonly probes: Readonly<Record<string, Probe>>;
}

interface Foundation {
  readonly plan: Plan;
  readonly ground: Ground;
  readonly elsewhere: Elsewhere;
  readonly certificates: Certificates | undefined;
  readonly catalog: ProcessingCatalog;
  /** Where the API is; undefined while it is not known. */
  readonly apiUrl: () => string | undefined;
  /** Whether calls are spans. */
  readonly traced: boolean;
}

/** Makes each service of the plan's, and hands it those that it calls. */
export async function makeParts(
  { plan, ground, elsewhere, certificates, catalog, apiUrl, traced }: Foundation,
  config: Config,
  log: Logger,
): Promise<Parts> {
  const here = (name: Served) => plan.services.has(name);
  const answering: { -readonly [S in Called]?: Answers<S> } = {};
  const answersOf = <S extends Called>(service: S): Answers<S> => {
    const own = answering[service] as Answers<S> | undefined;
    const answers = own ?? elsewhere.answersOf(service);
    return traced ? tracedAnswers(service, answers, own ? 'internal' : 'client') : answers;
  };

  if (here('storage')) answering.storage = storageOn(ground, log);
  const auth = here('auth') ? await authOn(ground, config, log) : undefined;
  if (auth) answering.auth = auth;
  const files = here('files')
    ? filesOn(
        ground,
        {
          storage: answersOf('storage'),
          audit: auditsBackEnds(plan.services, config) ? answersOf('auth').audit : undefined,
          catalog,
          publicUrl: apiUrl,
        },
        config,
        log,
      )
    : undefined;
  if (files) answering.files = files;

  const processor = here('processor') ? processorOn(ground, { files: answersOf('files') }, config, log) : undefined;
  const janitor = here('janitor')
    ? janitorOn(
        ground,
        { auth: answersOf('auth'), storage: answersOf('storage'), files: answersOf('files') },
        config,
        log,
      )
    : undefined;
  const notifier = here('notifier')
    ? notifierOn(ground, { auth: answersOf('auth'), files: answersOf('files'), publicUrl: apiUrl }, config, log)
    : undefined;
  const ingest =
    here('ingest') && hasIngest(config) ? await ingestOn({ files: answersOf('files') }, config, log) : undefined;

  const probes = { ...probesOf(ground), ...elsewhere.probes, ...(ingest && { ingest: ingest.probe }) };
  const http = here('gateway')
    ? createGateway(gatewayDepsOn(ground, { auth: answersOf('auth'), files: answersOf('files') }, probes, config, log))
    : createHealthServer({ settings: { ...config, version }, probes, log: named(log, 'health') });
  if (ingest?.webhook) http.app.register(ingest.webhook);
  const grpc = await grpcServerOf(
    traced ? tracedAnswering(answering) : answering,
    certificates,
    config,
    named(log, 'grpc'),
  );
  return { answersOf, auth, files, processor, janitor, notifier, ingest, http, grpc, probes };
}
