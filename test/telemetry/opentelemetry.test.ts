import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { Delivery } from '../../src/listener/delivery.ts'
import { openTelemetryTracing } from '../../src/telemetry/opentelemetry.ts'
import type { ClientTracing } from '../../src/telemetry/tracing.ts'
import { watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { lost } from '../support/scripted-transport.ts'
import { type Observed, observed } from './observed.ts'
import { AsyncContexts, tracingTools } from './tracing-tools.ts'

const contexts = new AsyncContexts()
context.setGlobalContextManager(contexts)
after(() => {
  context.disable()
  propagation.disable()
  trace.disable()
})

interface Traced extends Observed {
  readonly tracing: ClientTracing
  /** The finished spans in the order of their end. */
  readonly spans: () => ReadableSpan[]
  readonly span: (name: string) => ReadableSpan
}

async function traced(uri?: string): Promise<Traced> {
  const { provider: tracerProvider, exporter, propagator } = tracingTools()
  const tracing = openTelemetryTracing({ tracerProvider, propagator })
  const of = await observed({ tracing, ...(uri === undefined ? {} : { uri }) })
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans()
  const span = (name: string): ReadableSpan => {
    const [found, ...more] = spans().filter((one) => one.name === name)
    assert.ok(found && more.length === 0, `${more.length + (found ? 1 : 0)} spans are named ${name}`)
    return found
  }
  return { ...of, tracing, spans, span }
}

/** What was sent last comes back to the listener, as a broker would hand it out. */
function echo({ linkTo, subscription }: Traced): void {
  const sent = linkTo('producer').sent.at(-1)?.message
  assert.ok(sent)
  const { id, headers, correlationId, body } = sent
  subscription().deliver(id, { headers, correlationId, body })
}

test('send, process and ack are one trace: process is a child of send and linked to it, ack a child of process', async () => {
  const of = await traced()
  const { connection, linkTo, span } = of
  connection.listen('jobs', (delivery) => delivery.ack())
  await settled()
  linkTo('producer').confirms = true
  await connection.send('jobs', 'hello', { id: 'job-1', correlationId: 'talk-1', headers: { own: 'kept' } })
  echo(of)
  await settled()
  const [send, process, ack] = [span('send jobs'), span('process jobs'), span('ack jobs')]
  const traceparent = `00-${send.spanContext().traceId}-${send.spanContext().spanId}-01`
  assert.deepEqual(linkTo('producer').sent[0]?.message.headers, { own: 'kept', traceparent })
  assert.deepEqual([send.kind, process.kind, ack.kind], [SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.CLIENT])
  assert.equal(send.parentSpanContext, undefined)
  assert.equal(process.parentSpanContext?.spanId, send.spanContext().spanId)
  assert.deepEqual(
    process.links.map((link) => link.context.spanId),
    [send.spanContext().spanId],
  )
  assert.equal(ack.parentSpanContext?.spanId, process.spanContext().spanId)
  assert.equal(ack.spanContext().traceId, send.spanContext().traceId)
  const common = {
    'messaging.system': 'activemq',
    'messaging.destination.name': 'jobs',
    'messaging.message.id': 'job-1',
    'messaging.message.conversation_id': 'talk-1',
    'messaging.message.body.size': 5,
    'server.address': 'a',
    'server.port': 61613,
  }
  assert.deepEqual(send.attributes, {
    ...common,
    'messaging.operation.type': 'send',
    'messaging.operation.name': 'send',
    'understudy.send.attempts': 1,
    'understudy.send.outcome': 'confirmed',
  })
  assert.deepEqual(process.attributes, {
    ...common,
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'understudy.delivery.redelivered': false,
  })
  assert.deepEqual(ack.attributes, {
    ...common,
    'messaging.operation.type': 'settle',
    'messaging.operation.name': 'ack',
  })
  await connection.close()
})

test('a handler runs in the context of its delivery, so that what it sends is a child of process', async () => {
  const of = await traced()
  const { connection, linkTo, span } = of
  connection.listen('jobs', async (delivery) => {
    await settled()
    await connection.send('results', 'done')
    await delivery.ack()
  })
  await settled()
  linkTo('producer').confirms = true
  await connection.send('jobs', 'x')
  echo(of)
  await settled()
  await settled()
  assert.equal(span('send results').parentSpanContext?.spanId, span('process jobs').spanContext().spanId)
  assert.equal(trace.getActiveSpan(), undefined, 'and nobody else does')
  await connection.close()
})

test('a send that takes a failover is one span, which names the broker that confirmed and counts the attempts', async () => {
  const { connection, linkTo, transport, span } = await traced()
  const sent = connection.send('jobs', 'x')
  await settled()
  linkTo('producer').die()
  await settled()
  transport.last.confirmAll()
  await sent
  const { attributes, events, status } = span('send jobs')
  assert.equal(attributes['server.address'], 'b')
  assert.equal(attributes['understudy.send.attempts'], 2)
  assert.deepEqual(
    events.map(({ name }) => name),
    ['retry'],
  )
  assert.equal(status.code, SpanStatusCode.UNSET)
  await connection.close()
})

test('what fails says so by a code or a class, never by a text', async () => {
  const of = await traced()
  const { connection, linkTo, span, spans, subscription } = of
  const rejected = watch(connection.send('jobs', 'x'))
  await settled()
  linkTo('producer').sent[0]?.fail('rejected', { code: 'rejected' })
  await settled()
  assert.equal(rejected.ending().kind, 'failed')
  assert.equal(span('send jobs').attributes['error.type'], 'rejected')
  assert.equal(span('send jobs').attributes['understudy.send.outcome'], 'rejected')
  connection.listen('jobs', () => {
    throw new TypeError('a secret text')
  })
  await settled()
  subscription().deliver('1')
  await settled()
  assert.equal(span('process jobs').attributes['error.type'], 'TypeError')
  assert.equal(span('process jobs').status.code, SpanStatusCode.ERROR)
  assert.equal(span('reject jobs').status.code, SpanStatusCode.UNSET)
  assert.deepEqual(span('process jobs').links, [], 'a message without a context is linked to nothing')
  const shown = spans().map(({ attributes, status, events }) => ({ attributes, status, events }))
  assert.doesNotMatch(JSON.stringify(shown), /secret|scripted/)
  await connection.close()
})

test('a loop has a delivery from when it gets it until it asks for the next one', async () => {
  const { connection, clock, spans, span, subscription } = await traced()
  const stream = connection.deliveries('jobs', { prefetch: 2 })
  await settled()
  for (const id of ['1', '2']) subscription().deliver(id)
  await clock.advance(1000)
  assert.deepEqual(spans(), [], 'what waits for the loop was not delivered to anyone')
  const first = await stream.next()
  assert.ok(first.done !== true)
  await first.value.ack()
  assert.equal(span('ack jobs').attributes['messaging.message.id'], '1')
  await stream.next()
  assert.equal(span('process jobs').attributes['messaging.message.id'], '1')
  assert.equal(span('ack jobs').parentSpanContext?.spanId, span('process jobs').spanContext().spanId)
  await stream.return()
  assert.deepEqual(
    spans().map(({ name, attributes }) => `${name} ${String(attributes['messaging.message.id'])}`),
    ['ack jobs 1', 'process jobs 1', 'process jobs 2'],
  )
  await connection.close()
})

test('a settlement that a lost link cut off is a failed span, and one that nobody gave is none', async () => {
  const of = await traced()
  const { connection, linkTo, span, spans, subscription } = of
  const inHand: Delivery[] = []
  connection.listen('jobs', (delivery) => void inHand.push(delivery))
  await settled()
  subscription().holdSettlements = true
  subscription().deliver('1')
  subscription().deliver('2')
  const answer = watch(inHand[0]?.ack() ?? Promise.resolve())
  await settled()
  linkTo('listener').die(lost())
  await settled()
  assert.equal(answer.ending().kind, 'failed')
  assert.equal(span('ack jobs').attributes['error.type'], 'link-lost')
  assert.deepEqual(
    spans().map(({ name }) => name),
    ['process jobs', 'process jobs', 'ack jobs'],
  )
  await connection.close()
})

test('a context that the sender put into the headers is kept, and the send is linked to it', async () => {
  const { connection, linkTo, span } = await traced()
  linkTo('producer').confirms = true
  const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`
  await connection.send('jobs', 'x', { headers: { traceparent, tracestate: 'vendor=1' } })
  assert.deepEqual(linkTo('producer').sent[0]?.message.headers, { traceparent, tracestate: 'vendor=1' })
  const [link] = span('send jobs').links
  assert.equal(link?.context.spanId, 'cd'.repeat(8))
  assert.equal(link?.context.traceState?.serialize(), 'vendor=1')
  await connection.close()
})

test('header names are found whatever a broker made of their case', async () => {
  const { connection, span, subscription } = await traced()
  connection.listen('jobs', (delivery) => delivery.ack())
  await settled()
  subscription().deliver('1', { headers: { Traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` } })
  await settled()
  assert.equal(span('process jobs').parentSpanContext?.spanId, 'cd'.repeat(8))
  await connection.close()
})

test('the kind of broker is that of the scheme, and an exchange brings its routing key', async () => {
  const { connection, linkTo, span } = await traced('failover:(amqps://rabbit:5671)?randomize=false')
  linkTo('producer').confirms = true
  await connection.send('exchange://events/order.paid', 'x')
  const { attributes } = span('send events:order.paid')
  assert.equal(attributes['messaging.system'], 'rabbitmq')
  assert.equal(attributes['messaging.rabbitmq.destination.routing_key'], 'order.paid')
  assert.deepEqual([attributes['server.address'], attributes['server.port']], ['rabbit', 5671])
  await connection.close()
})

test('destinations that differ in a UUID alone share the name of their spans', async () => {
  const { connection, linkTo, span } = await traced()
  linkTo('producer').confirms = true
  await connection.send('understudy.reply.0b1c2d3e-4f50-4678-9abc-def012345678', 'x')
  const { attributes } = span('send understudy.reply.{id}')
  assert.equal(attributes['messaging.destination.template'], 'understudy.reply.{id}')
  assert.equal(attributes['messaging.destination.name'], 'understudy.reply.0b1c2d3e-4f50-4678-9abc-def012345678')
  await connection.close()
})

test('without options the global provider and propagator are used, those that were registered later too', async () => {
  const tracing = openTelemetryTracing()
  const { provider, exporter, propagator } = tracingTools()
  trace.setGlobalTracerProvider(provider)
  propagation.setGlobalPropagator(propagator)
  const { connection, linkTo } = await observed({ tracing })
  linkTo('producer').confirms = true
  await connection.send('jobs', 'x')
  const [send] = exporter.getFinishedSpans()
  assert.ok(linkTo('producer').sent[0]?.message.headers['traceparent']?.includes(String(send?.spanContext().spanId)))
  await connection.close()
})

test('tracing that throws at everything disturbs neither sends nor deliveries', async () => {
  const fails = (): never => {
    throw new Error('tracing of the worst kind')
  }
  const watcher = { run: fails, handled: fails, settling: fails, settled: fails, stale: fails }
  const sends = { sending: fails, attempt: fails, attemptEnded: fails, gaveUp: fails, sendEnded: fails }
  for (const tracing of [
    { open: fails },
    { open: () => ({ sends, deliveries: { delivered: fails, duplicate: fails } }) },
    { open: () => ({ sends, deliveries: { delivered: () => watcher, duplicate: fails } }) },
  ]) {
    const { connection, linkTo, subscription } = await observed({ tracing })
    const seen: string[] = []
    linkTo('producer').confirms = true
    await connection.send('jobs', 'x')
    connection.listen('jobs', async (delivery) => {
      seen.push(delivery.id)
      await delivery.ack()
    })
    await settled()
    subscription().deliver('1')
    await settled()
    assert.deepEqual(seen, ['1'])
    assert.deepEqual(subscription().settlements, [{ id: '1', as: 'ack' }])
    await connection.close()
  }
})
