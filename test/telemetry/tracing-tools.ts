/** What an application's OpenTelemetry SDK brings: an exporter that keeps spans, W3C headers, an active context. */
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  type ContextManager,
  createTraceState,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
  TraceFlags,
} from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'

export interface TracingTools {
  readonly provider: BasicTracerProvider
  readonly exporter: InMemorySpanExporter
  readonly propagator: TextMapPropagator
}

export function tracingTools(): TracingTools {
  const exporter = new InMemorySpanExporter()
  return {
    exporter,
    provider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    propagator: w3c,
  }
}

/** W3C Trace Context, version 00: https://www.w3.org/TR/trace-context/ */
const w3c: TextMapPropagator = {
  inject(from, carrier, setter) {
    const span = trace.getSpanContext(from)
    if (!span) return
    setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-0${span.traceFlags}`)
    if (span.traceState) setter.set(carrier, 'tracestate', span.traceState.serialize())
  },
  extract(into, carrier, getter) {
    const [, traceId, spanId, flags] =
      /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(String(getter.get(carrier, 'traceparent') ?? '')) ?? []
    if (traceId === undefined || spanId === undefined) return into
    const state = getter.get(carrier, 'tracestate')
    return trace.setSpanContext(into, {
      traceId,
      spanId,
      traceFlags: flags === '01' ? TraceFlags.SAMPLED : TraceFlags.NONE,
      isRemote: true,
      ...(typeof state === 'string' ? { traceState: createTraceState(state) } : {}),
    })
  },
  fields: () => ['traceparent', 'tracestate'],
}

/** Carries the active context along asynchronous calls. */
export class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }

  with<Args extends unknown[], Result>(
    active: Context,
    action: (...args: Args) => Result,
    self?: ThisParameterType<typeof action>,
    ...args: Args
  ): Result {
    return this.#storage.run(active, () => action.apply(self, args))
  }

  bind<Target>(_active: Context, target: Target): Target {
    return target
  }

  enable(): this {
    return this
  }

  disable(): this {
    this.#storage.disable()
    return this
  }
}
