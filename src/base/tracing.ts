import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceContext } from './context.ts';
import { toHoldfastError } from './errors.ts';

/**
 * Spans of what is done, for whoever looks at traces. Who makes them knows nothing of where they go; while nobody wants
 * any, making one is a comparison.
 */

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** `server`: answers another process. `client`: waits for one. */
  readonly kind: 'server' | 'client' | 'internal';
  /** Absent: what is going on around it. */
  readonly parent?: TraceContext | undefined;
  /** Begins a trace where there is nothing that it belongs to; otherwise there is no span then. */
  readonly root?: boolean;
  readonly attributes?: Attributes;
}

export interface Span {
  /** Where what happens within it belongs. */
  readonly trace: TraceContext;
  /** `error`: why it failed. */
  end(more?: { readonly error?: string | undefined; readonly attributes?: Attributes }): void;
}

export interface Tracer {
  start(name: string, options: SpanOptions): Span;
}

const around = new AsyncLocalStorage<TraceContext | undefined>();
let tracer: Tracer | undefined;

/** Has spans made from now on; undefined: no more. */
export function makeSpansBy(chosen: Tracer | undefined): void {
  tracer = chosen;
}

export const isTracing = (): boolean => tracer !== undefined;

/** Undefined where nobody wants spans, and where this one would belong to nothing. */
export function startSpan(name: string, options: SpanOptions): Span | undefined {
  if (!tracer) return undefined;
  const parent = options.parent ?? around.getStore();
  return parent || options.root ? tracer.start(name, { ...options, parent }) : undefined;
}

/** Has what `work` does, and whatever it begins, belong to a span. */
export const within = <T>(span: Span | undefined, work: () => T): T => (span ? around.run(span.trace, work) : work());

/** Has `work` belong to nothing: what goes on by itself, whoever it was that woke it. */
export const outside = <T>(work: () => T): T => (tracer ? around.run(undefined, work) : work());

/** The same function, which belongs to what is going on now, whenever and by whom it is called. */
export function bound<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R {
  const trace = around.getStore();
  return trace ? (...args) => around.run(trace, () => work(...args)) : work;
}

/** Does something within a span of its own, which ends with it. `work` is handed its trace, if there is one. */
export async function traced<T>(
  name: string,
  options: SpanOptions,
  work: (trace: TraceContext | undefined) => Promise<T>,
): Promise<T> {
  const span = startSpan(name, options);
  if (!span) return work(undefined);
  try {
    const result = await within(span, () => work(span.trace));
    span.end();
    return result;
  } catch (error) {
    span.end({ error: toHoldfastError(error).code });
    throw error;
  }
}
