import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import { UnderstudyError } from '../errors.ts'
import type { DeliveryObserver, DeliveryWatcher } from '../listener/observer.ts'
import type { SendObserver } from '../producer/observer.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { OutgoingMessage } from '../transport/message.ts'
import { brokerAttributes, messageAttributes, operationAttributes, spanName } from './span-attributes.ts'
import type { ClientTracing } from './tracing.ts'

/** Where the spans go, and how messages carry their context. */
export interface OpenTelemetryTracingOptions {
  /** Defaults to the global one. */
  readonly tracerProvider?: TracerProvider
  /** How the context travels in the headers of a message. Defaults to the global one. */
  readonly propagator?: TextMapPropagator
}

const INSTRUMENTATION = 'understudy-mq'

/**
 * Spans for `connect(uri, { tracing })` by OpenTelemetry's conventions for messaging: `send` from the call
 * to its end, `process` around a handler, `settle` around a settlement. The context of `send` travels in
 * the headers of the message; `process` is its child and linked to it, and is active in the handler.
 * A message whose headers hold a context already keeps it.
 */
export function openTelemetryTracing(options: OpenTelemetryTracingOptions = {}): ClientTracing {
  const tools: Tools = {
    // A provider that is registered later is found all the same: the global one passes on.
    tracer: (options.tracerProvider ?? trace.getTracerProvider()).getTracer(INSTRUMENTATION),
    inject: (from, carrier) =>
      options.propagator ? options.propagator.inject(from, carrier, headersOf) : propagation.inject(from, carrier),
    extract: (carrier) =>
      options.propagator
        ? options.propagator.extract(ROOT_CONTEXT, carrier, carrierOf)
        : propagation.extract(ROOT_CONTEXT, carrier, carrierOf),
  }
  return {
    open: ({ brokers }) => ({ sends: traceSends(tools, brokers), deliveries: traceDeliveries(tools) }),
  }
}

/** Reads a propagator's fields out of the headers of a message; some brokers and peers change their case. */
const carrierOf: TextMapGetter<Readonly<Record<string, string>>> = {
  keys: (headers) => Object.keys(headers),
  get(headers, key) {
    if (Object.hasOwn(headers, key)) return headers[key]
    const wanted = key.toLowerCase()
    const found = Object.keys(headers).find((name) => name.toLowerCase() === wanted)
    return found === undefined ? undefined : headers[found]
  },
}

/** Writes a propagator's fields into the headers of a message. */
const headersOf: TextMapSetter<Record<string, string>> = {
  set(headers, key, value) {
    headers[key] = value
  },
}

interface Tools {
  readonly tracer: Tracer
  readonly inject: (from: Context, carrier: Record<string, string>) => void
  readonly extract: (carrier: Readonly<Record<string, string>>) => Context
}

interface OpenSend {
  readonly span: Span
  attempts: number
}

function traceSends(tools: Tools, brokers: readonly RedactedEndpoint[]): SendObserver {
  const open = new Map<OutgoingMessage, OpenSend>()
  return {
    sending(message) {
      const { destination, headers } = message
      const created = trace.getSpanContext(tools.extract(headers))
      const span = tools.tracer.startSpan(spanName('send', destination), {
        kind: SpanKind.PRODUCER,
        attributes: {
          ...operationAttributes('send', 'send'),
          ...messageAttributes(message, destination),
          // Which broker it will be is not known yet; the first attempt corrects it.
          ...brokerAttributes(brokers[0]),
        },
        links: created ? [{ context: created }] : [],
      })
      const carrier: Record<string, string> = {}
      if (!created) tools.inject(trace.setSpan(context.active(), span), carrier)
      const travels = created ? { ...message } : { ...message, headers: { ...headers, ...carrier } }
      open.set(travels, { span, attempts: 0 })
      return travels
    },
    attempt(message, attempt, endpoint) {
      const send = open.get(message)
      if (!send) return
      send.attempts = attempt
      if (endpoint !== undefined) send.span.setAttributes(brokerAttributes(endpoint))
      if (attempt > 1) send.span.addEvent('retry', { 'understudy.send.attempt': attempt })
    },
    attemptEnded() {},
    gaveUp() {},
    sendEnded(message, outcome, _durationMs, error) {
      const send = open.get(message)
      if (!send) return
      open.delete(message)
      send.span.setAttributes({ 'understudy.send.attempts': send.attempts, 'understudy.send.outcome': outcome })
      if (error) fail(send.span, error)
      send.span.end()
    },
  }
}

function traceDeliveries(tools: Tools): DeliveryObserver {
  return {
    delivered(message, source, endpoint): DeliveryWatcher {
      const creation = tools.extract(message.headers)
      const created = trace.getSpanContext(creation)
      const links = created ? [{ context: created }] : []
      const common = { ...messageAttributes(message, source), ...brokerAttributes(endpoint) }
      const span = tools.tracer.startSpan(
        spanName('process', source),
        {
          kind: SpanKind.CONSUMER,
          attributes: {
            ...operationAttributes('process', 'process'),
            ...common,
            'understudy.delivery.redelivered': message.redelivered,
          },
          links,
        },
        creation,
      )
      const processing = trace.setSpan(creation, span)
      let settling: Span | undefined
      let ended = false
      return {
        run: (handle) => context.with(processing, handle),
        handled(thrown) {
          if (thrown) fail(span, thrown.error)
          ended = true
          span.end()
        },
        settling(as) {
          settling = tools.tracer.startSpan(
            spanName(as, source),
            { kind: SpanKind.CLIENT, attributes: { ...operationAttributes('settle', as), ...common }, links },
            processing,
          )
        },
        settled(_as, failure) {
          if (failure && settling) fail(settling, failure.error)
          settling?.end()
          settling = undefined
        },
        stale() {
          if (!ended) span.addEvent('stale')
        },
      }
    },
    duplicate() {},
  }
}

/** `error.type` is an error code of ours, or the class of what a handler threw. */
function fail(span: Span, error: unknown): void {
  const type = error instanceof UnderstudyError ? error.code : error instanceof Error ? error.constructor.name : ''
  span.setAttribute('error.type', type || '_OTHER')
  span.setStatus({ code: SpanStatusCode.ERROR })
}
