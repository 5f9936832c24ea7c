import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it, type TestContext } from 'node:test'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { createLabs } from '../../infra/labs/labs.ts'
import { memoryFailures } from '../../adapters/memory/failures.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { connect } from '../../src/connect.ts'
import { createApp } from '../../src/jobs/app.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { openTelemetryTracing } from '../../src/telemetry/opentelemetry.ts'
import { memoryBroker } from '../../src/testing/memory-broker.ts'
import { until } from '../cli/jobs/job-stage.ts'
import { newLabRoot } from '../support/lab-root.ts'
import { AsyncContexts, tracingTools } from './tracing-tools.ts'

context.setGlobalContextManager(new AsyncContexts())
after(() => context.disable())

/** Where the story is told: in memory, and over a broker that is a process of its own. */
const BROKERS: Readonly<Record<string, (context: TestContext) => Promise<string>>> = {
  memory: async (context) => {
    const broker = memoryBroker(randomUUID())
    context.after(() => broker.reset())
    return `memory:${broker.name}`
  },
  embedded: async (context) => {
    const lab = await createLabs({ root: newLabRoot('tracing') }).up('embedded')
    context.after(async () => await lab.down())
    return drillUri(lab, {})
  },
}

const idOf = (span: ReadableSpan): string => span.spanContext().spanId
const attemptOf = ({ attributes }: ReadableSpan): string =>
  `${String(attributes['understudy.job.requeues'])}/${String(attributes['understudy.job.attempt'])}`

for (const [broker, uriOf] of Object.entries(BROKERS)) {
  describe(`a traced job over ${broker}`, () => {
    it('is one trace from its enqueueing over a retry and a requeue to its end', async (test) => {
      const uri = await uriOf(test)
      const { provider: tracerProvider, exporter, propagator } = tracingTools()
      const tracing = openTelemetryTracing({ tracerProvider, propagator })
      const failures = memoryFailures()
      let runs = 0
      const job = defineJob({
        name: 'resize',
        queue: 'images',
        retry: { attempts: 2, backoff: { type: 'fixed', delay: 0 } },
        perform: async (args: { secret: string }) => {
          // Where a context goes on after a pause is where the work of the job is seen.
          await new Promise((resolve) => setTimeout(resolve, 1))
          tracerProvider.getTracer('own').startSpan('own work').end()
          if (++runs < 3) throw new TypeError(`failed over ${args.secret}`)
        },
      })
      {
        await using front = await connect(uri, { tracing })
        await using back = await connect(uri, { tracing })
        await using shop = createApp({ connection: front, failures })
        await using works = createApp({ connection: back, failures })
        await works.worker({ jobs: [job], queues: ['images'] }).start()
        const root = tracerProvider.getTracer('own').startSpan('request')
        const active = trace.setSpan(context.active(), root)
        const send = (): Promise<unknown> =>
          shop.enqueue(job, { secret: 'hidden-argument' }, { id: 'job-1', requestId: 'request-1' })
        await context.with(active, send)
        root.end()
        await until('the failure', async () => (await failures.get('job-1.0')) !== undefined)
        assert.equal(
          (await failures.get('job-1.0'))?.traceparent,
          `00-${root.spanContext().traceId}-${sendOf('0/1')}-01`,
        )
        await shop.failures.requeue('')
        const isResolved = async (): Promise<boolean> => (await failures.get('job-1.0'))?.resolvedAt !== undefined
        await until('the end', isResolved)
      }
      const spans = exporter.getFinishedSpans()
      const ofJob = spans.filter(({ attributes }) => attributes['messaging.message.id'] === 'job-1')
      const named = (name: string): readonly ReadableSpan[] => ofJob.filter((span) => span.name === name)
      const request = spans.find(({ name }) => name === 'request')
      assert.ok(request)

      const [sent, again, requeued, ...more] = named('send images')
      assert.ok(sent && again && requeued && more.length === 0)
      const processed = named('process images')
      const acked = named('ack images')
      assert.deepEqual([sent, again, requeued].map(attemptOf), ['0/1', '0/2', '1/1'])
      assert.deepEqual(processed.map(attemptOf), ['0/1', '0/2', '1/1'])
      assert.equal(acked.length, 3)
      assert.equal(ofJob.length, 9, 'no span stands twice')

      assert.equal(sent.parentSpanContext?.spanId, idOf(request))
      for (const span of processed) {
        assert.equal(span.spanContext().traceId, request.spanContext().traceId)
        assert.equal(span.parentSpanContext?.spanId, idOf(sent))
        assert.deepEqual(
          span.links.map((link) => link.context.spanId),
          [idOf(sent)],
        )
      }
      const [first, second, third] = processed
      assert.ok(first && second && third)
      assert.equal(again.parentSpanContext?.spanId, idOf(first), 'the retry is sent by the attempt that failed')
      assert.deepEqual(
        [again, requeued].map(({ links }) => links.map((link) => link.context.spanId)),
        [[idOf(sent)], [idOf(sent)]],
      )
      assert.deepEqual(
        spans.filter(({ name }) => name === 'own work').map(({ parentSpanContext }) => parentSpanContext?.spanId),
        processed.map(idOf),
      )

      assert.deepEqual(
        processed.map(({ status, attributes }) => [status.code, attributes['error.type']]),
        [
          [SpanStatusCode.ERROR, 'TypeError'],
          [SpanStatusCode.ERROR, 'TypeError'],
          [SpanStatusCode.UNSET, undefined],
        ],
      )
      const kinds: readonly (readonly [readonly ReadableSpan[], SpanKind, string])[] = [
        [[sent, again, requeued], SpanKind.PRODUCER, 'send'],
        [processed, SpanKind.CONSUMER, 'process'],
        [acked, SpanKind.CLIENT, 'settle'],
      ]
      for (const [group, kind, operation] of kinds)
        for (const span of group) {
          assert.equal(span.kind, kind)
          const { attributes } = span
          assert.equal(attributes['messaging.operation.type'], operation)
          assert.equal(attributes['messaging.system'], broker === 'memory' ? 'memory' : 'activemq')
          assert.equal(attributes['messaging.destination.name'], 'images')
          assert.equal(attributes['messaging.message.conversation_id'], 'request-1', `${span.name} ${attemptOf(span)}`)
          assert.equal(attributes['understudy.job.name'], 'resize')
        }
      const shown = spans.map(({ attributes, events, status, name }) => ({ attributes, events, status, name }))
      assert.doesNotMatch(JSON.stringify(shown), /hidden|failed over/)

      function sendOf(attempt: string): string | undefined {
        const found = exporter
          .getFinishedSpans()
          .find((span) => span.name === 'send images' && attemptOf(span) === attempt)
        return found && idOf(found)
      }
    })
  })
}
