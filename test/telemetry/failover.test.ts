import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import test from 'node:test'
import { SpanKind } from '@opentelemetry/api'
import { Registry } from 'prom-client'
import { createLabs } from '../../infra/labs/labs.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { connect, prepare } from '../../src/connect.ts'
import { StaleDeliveryError } from '../../src/errors.ts'
import { openTelemetryTracing } from '../../src/telemetry/opentelemetry.ts'
import { prometheusMetrics } from '../../src/telemetry/prometheus.ts'
import { until } from '../adapters/activemq/dialled.ts'
import { labRootFor } from '../support/lab-root.ts'
import { tracingTools } from './tracing-tools.ts'

test('a real failover: the counts are what was sent, and every delivery is in the trace of its send', async (t) => {
  const lab = await createLabs({ root: labRootFor(t) }).up('embedded')
  try {
    const register = new Registry()
    const { provider: tracerProvider, exporter, propagator } = tracingTools()
    // What a broker took of an acknowledge as it died is not delivered again, and its confirm never came.
    const handled = { ack: 0, stale: 0 }
    const ended = new Set<string>()
    const ids: string[] = []
    {
      await using connection = await connect(drillUri(lab, {}), {
        metrics: prometheusMetrics(register),
        tracing: openTelemetryTracing({ tracerProvider, propagator }),
      })
      const listener = connection.listen('jobs', async (delivery) => {
        const end = await delivery.ack().then(
          () => 'ack' as const,
          (error: unknown) => {
            assert.ok(error instanceof StaleDeliveryError)
            return 'stale' as const
          },
        )
        handled[end]++
        ended.add(delivery.id)
      })
      await listener.ready
      for (let n = 0; n < 10; n++) ids.push(await connection.send('jobs', { n }))
      const active = await lab.active()
      assert.ok(active)
      await lab.kill(active)
      for (let n = 0; n < 10; n++) ids.push(await connection.send('jobs', { n }))
      await until(() => ids.every((id) => ended.has(id)), 'every job to be handled')
    }
    const values = new Map<string, number>()
    for (const { name, values: each } of await register.getMetricsAsJSON()) {
      for (const { labels, value, ...rest } of each) {
        const called = 'metricName' in rest ? String(rest.metricName) : name
        values.set(`${called} ${Object.values(labels).join(' ')}`.trim(), value)
      }
    }
    const value = (name: string): number | undefined => values.get(`understudy_${name}`)
    assert.equal(value('messages_sent_total confirmed'), 20)
    assert.equal(value('send_duration_seconds_count'), 20)
    assert.equal(value('broker_failovers_total producer'), 1)
    assert.equal(value('failover_duration_seconds_count producer'), 1)
    assert.equal(value('messages_settled_total ack'), handled.ack)
    assert.equal(value('messages_settled_total stale'), handled.stale)
    assert.ok(handled.ack >= 10, 'those that were sent after the kill')
    assert.equal(value('pending_sends'), 0)
    for (const { endpoint } of lab.nodes) assert.equal(value(`broker_connected ${endpoint} producer`), 0, 'closed')

    const spans = exporter.getFinishedSpans()
    const sends = new Map(
      spans.flatMap((span) =>
        span.kind === SpanKind.PRODUCER ? [[span.attributes['messaging.message.id'], span.spanContext()]] : [],
      ),
    )
    assert.deepEqual([...sends.keys()], ids)
    const processed = spans.filter(({ kind }) => kind === SpanKind.CONSUMER)
    assert.deepEqual(new Set(processed.map(({ attributes }) => attributes['messaging.message.id'])), new Set(ids))
    for (const span of processed) {
      const send = sends.get(span.attributes['messaging.message.id'])
      assert.equal(span.spanContext().traceId, send?.traceId)
      assert.deepEqual(
        span.links.map(({ context }) => context.spanId),
        [send?.spanId],
      )
    }
  } finally {
    await lab.down()
  }
})

test('a client that never had a broker shows 0 for each from its first attempt on, which an alert can see', async () => {
  const port = await portOfNobody()
  const endpoints = [`stomp://127.0.0.1:${port}`, `stomp://localhost:${port}`]
  const register = new Registry()
  await using connection = await prepare(`failover:(${endpoints.join(',')})`, { metrics: prometheusMetrics(register) })
  connection.connected().catch(() => {})
  const shown = async (): Promise<readonly unknown[]> => {
    const { values = [] } = (await register.getSingleMetric('understudy_broker_connected')?.get()) ?? {}
    return values.map(({ labels, value }) => [labels['broker'], labels['role'], value])
  }
  let seen: readonly unknown[] = []
  const deadline = AbortSignal.timeout(10_000)
  while (seen.length === 0) {
    deadline.throwIfAborted()
    await new Promise((resolve) => setImmediate(resolve))
    seen = await shown()
  }
  assert.deepEqual(
    seen,
    endpoints.map((endpoint) => [endpoint, 'producer', 0]),
  )
})

async function portOfNobody(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
