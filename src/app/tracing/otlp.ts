import {
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TraceContext } from '../../base/context.ts';
import { newId } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { Tracer } from '../../base/tracing.ts';
import { version } from '../version.ts';

export interface OtlpOptions {
  /** Without `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** From 0 to 1. */
  readonly ratio: number;
  readonly log: Logger;
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;
/** Milliseconds between two requests to the collector; of what it does not take in time, more than so many are dropped. */
const SEND_EVERY = 2_000;
const MOST_WAITING = 8_192;
/** Milliseconds between two lines about a collector that is away. */
const COMPLAIN_EVERY = 60_000;

/** Spans by OpenTelemetry's SDK, sent as OTLP over HTTP. */
export function openOtlp({ endpoint, headers, serviceName, ratio, log }: OtlpOptions) {
  complainTo(log);
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      'service.version': version,
      'service.instance.id': newId(),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_EVERY, maxQueueSize: MOST_WAITING }),
    ],
  });
  const otel = provider.getTracer('holdfast', version);

  const tracer: Tracer = {
    start(name, { kind, parent, attributes = {} }) {
      const context = parent ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent)) : ROOT_CONTEXT;
      const span = otel.startSpan(name, { kind: KINDS[kind], attributes }, context);
      return {
        trace: toTrace(span.spanContext(), parent?.tracestate),
        end({ error, attributes } = {}) {
          if (attributes) span.setAttributes(attributes);
          if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
  };
  return { tracer, close: () => provider.shutdown() };
}

/** As both have it that make traces: the gateway and the reader of metadata take no other form. */
function toSpanContext({ traceparent }: TraceContext): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function toTrace({ traceId, spanId, traceFlags }: SpanContext, tracestate: string | undefined): TraceContext {
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

/** The SDK tells nobody else that a collector is away. */
function complainTo(log: Logger): void {
  let last = Number.NEGATIVE_INFINITY;
  const complain = (reason: string) => {
    if (performance.now() - last < COMPLAIN_EVERY) return;
    last = performance.now();
    log.warn({ reason }, 'spans could not be sent to the collector');
  };
  const nothing = () => {};
  diag.setLogger(
    { error: complain, warn: complain, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
