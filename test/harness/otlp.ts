import { json } from 'node:stream/consumers';
import { serve } from './local-server.ts';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty, or absent, where the span begins a trace. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** The `service.name` of the process that made it. */
  readonly service: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2 for an error. */
  readonly status: number | undefined;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, 'service' | 'attributes' | 'status'> & {
        readonly attributes?: readonly Attribute[];
        readonly status?: { readonly code?: number };
      })[];
    }[];
  }[];
}

const record = (attributes: readonly Attribute[] = []) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** A collector of traces (OTLP over HTTP, JSON) on loopback, which keeps what it is sent. */
export async function startCollector() {
  const spans: ReceivedSpan[] = [];
  const keys = new Set<string | undefined>();
  const { url, stop } = await serve(async (request, response) => {
    keys.add(request.headers['x-key'] as string | undefined);
    const { resourceSpans } = (await json(request)) as ExportRequest;
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(record(resource.attributes)['service.name']);
      for (const { attributes, status, ...span } of scopeSpans.flatMap(({ spans }) => spans)) {
        spans.push({ ...span, service, attributes: record(attributes), status: status?.code });
      }
    }
    response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
  });
  return {
    url,
    /** All that came, of one trace. */
    of: (traceId: string) => spans.filter((span) => span.traceId === traceId),
    all: () => spans,
    /** What was sent as `x-key`. */
    keys,
    stop,
  };
}

export type Collector = Awaited<ReturnType<typeof startCollector>>;
