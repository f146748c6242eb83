import { list, setting, text, url } from './setting.ts';

const fraction = (value: string) => {
  const number = /^\d*\.?\d+$/.test(value) ? Number(value) : Number.NaN;
  return number <= 1 ? number : undefined;
};

const headers = (value: string): Readonly<Record<string, string>> | undefined => {
  const pairs = list(value).map((pair) => /^([\w-]+)=([\x20-\x7e]+)$/.exec(pair));
  if (!pairs.every((pair) => pair !== null)) return undefined;
  try {
    return Object.fromEntries(pairs.map(([, name = '', given = '']) => [name, decodeURIComponent(given)]));
  } catch {
    // A `%` that means no character.
    return undefined;
  }
};

/** Where traces go. The names are OpenTelemetry's. */
export const TRACING = {
  otlpEndpoint: setting(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    undefined,
    'an http(s) URL such as http://localhost:4318',
    (value) => url('http', 'https')(value)?.replace(/\/+$/, ''),
    'Collector that takes traces (OTLP over HTTP); see docs/operations.md. Default: none are made.',
  ),
  otlpHeaders: setting(
    'OTEL_EXPORTER_OTLP_HEADERS',
    undefined,
    'name=value, separated by commas',
    headers,
    'Headers for the collector, such as a key.',
    { secret: true },
  ),
  otelServiceName: setting(
    'OTEL_SERVICE_NAME',
    undefined,
    'a name',
    text,
    'What this process is called in traces. Default: `holdfast`, and which services run here where they run apart.',
  ),
  tracesRatio: setting(
    'OTEL_TRACES_SAMPLER_ARG',
    '1',
    'a number from 0 to 1',
    fraction,
    'How many of the traces that begin here are kept; whoever sends `traceparent` decides for theirs.',
  ),
} as const;
