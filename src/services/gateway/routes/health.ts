import { Type } from 'typebox';
import { PROMETHEUS_TYPE, renderMetrics } from '../../../base/metrics.ts';
import type { App } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { createReadiness } from '../probes.ts';
import { words } from '../schemas/common.ts';

const PROBE_DEADLINE = 3_000;
const PROBE_REMEMBERED = 1_000;

const Alive = Type.Object(
  { status: Type.Literal('ok'), version: Type.String({ examples: ['1.0.0'] }) },
  { description: 'The process answers.', additionalProperties: false },
);

const Ready = Type.Object(
  {
    status: words(['ready', 'not_ready']),
    checks: Type.Record(
      Type.String(),
      Type.Object(
        {
          status: words(['ok', 'failed']),
          duration: Type.Integer({ description: 'Milliseconds.' }),
          detail: Type.Optional(Type.String({ description: 'Why it failed.' })),
        },
        { additionalProperties: false },
      ),
      { description: 'By dependency.' },
    ),
  },
  { description: 'What each dependency answers.', additionalProperties: false },
);

export interface HealthDeps extends Pick<GatewayDeps, 'probes' | 'log'> {
  readonly settings: Pick<GatewayDeps['settings'], 'version'>;
}

/** Also where there is no gateway: see `createHealthServer`. */
export const healthRoutes = (app: App, { settings, probes, log }: HealthDeps): void => {
  const readiness = createReadiness(probes, log, { deadline: PROBE_DEADLINE, remember: PROBE_REMEMBERED });
  let stopping = false;
  app.addHook('preClose', async () => {
    stopping = true;
  });

  app.get(
    '/healthz',
    {
      config: { access: 'anyone', limit: 'none' },
      schema: {
        tags: ['health'],
        operationId: 'getHealth',
        summary: 'Is the process alive?',
        response: { 200: Alive },
      },
    },
    async () => ({ status: 'ok' as const, version: settings.version }),
  );

  app.get(
    '/readyz',
    {
      config: { access: 'anyone', limit: 'none' },
      schema: {
        tags: ['health'],
        operationId: 'getReadiness',
        summary: 'Can it do its work?',
        response: { 200: Ready, 503: Ready },
      },
    },
    async (_request, reply) => {
      const { status, checks } = await readiness();
      const ready = status === 'ready' && !stopping;
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', checks });
    },
  );

  app.get(
    '/metrics',
    {
      config: { access: 'anyone', limit: 'none' },
      schema: {
        tags: ['health'],
        operationId: 'getMetrics',
        summary: 'Measurements, in the text format of Prometheus',
        response: { 200: { description: 'Measurements.', content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => reply.type(PROMETHEUS_TYPE).send(await renderMetrics()),
  );
};
