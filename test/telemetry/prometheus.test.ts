import assert from 'node:assert/strict'
import test from 'node:test'
import { Registry } from 'prom-client'
import { UnderstudyError } from '../../src/errors.ts'
import type { Delivery } from '../../src/listener/delivery.ts'
import { prometheusMetrics, type PrometheusMetricsOptions } from '../../src/telemetry/prometheus.ts'
import { watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { lost } from '../support/scripted-transport.ts'
import { type Observed, observed, type ObservedOptions } from './observed.ts'

/** Every sample of an exposition by its name and labels. A line that is neither is an error. */
async function samples(register: Registry): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const line of (await register.metrics()).split('\n')) {
    if (line === '' || /^# (HELP|TYPE) understudy_[a-z_]+ \S/.test(line)) continue
    const match = /^(understudy_[a-z_]+(?:\{(?:[a-z_]+="[^"\\]*",?)+\})?) (\S+)$/.exec(line)
    assert.ok(match?.[1] && Number.isFinite(Number(match[2])), `not a sample: ${line}`)
    found.set(match[1], Number(match[2]))
  }
  return found
}

async function measured(
  options: ObservedOptions = {},
): Promise<Observed & { register: Registry; value: (sample: string) => Promise<number | undefined> }> {
  const register = new Registry()
  const of = await observed({ ...options, metrics: prometheusMetrics(register) })
  return { ...of, register, value: async (sample) => (await samples(register)).get(`understudy_${sample}`) }
}

const A = '{broker="stomp://a:61613",role="producer"}'
const B = '{broker="stomp://b:61613",role="producer"}'

test('a failover is counted once, timed, and leaves the gauges at the broker that serves', async () => {
  const { connection, linkTo, clock, transport, value } = await measured()
  assert.deepEqual([await value(`broker_connected${A}`), await value(`broker_connected${B}`)], [1, 0])
  const sent = connection.send('jobs', 'x')
  await settled()
  transport.answer('b', (nth) => (nth === 1 ? 'refuse' : 'accept')).answer('a', 'refuse')
  linkTo('producer').die()
  await settled()
  assert.deepEqual([await value(`broker_connected${A}`), await value(`broker_connected${B}`)], [0, 0])
  assert.equal(await value('pending_sends'), 1)
  while (connection.pending > 0) {
    await clock.advance(10)
    transport.last.confirmAll()
    await settled()
  }
  await sent
  assert.deepEqual([await value(`broker_connected${A}`), await value(`broker_connected${B}`)], [0, 1])
  assert.equal(await value('broker_failovers_total{role="producer"}'), 1)
  assert.equal(await value('failover_duration_seconds_count{role="producer"}'), 1)
  assert.equal(await value('failover_duration_seconds_sum{role="producer"}'), 0.01)
  assert.equal(await value('broker_dial_failures_total{broker="stomp://b:61613",code="refused"}'), 1)
  assert.equal(await value('publish_retries_total'), 1)
  assert.equal(await value('messages_sent_total{outcome="confirmed"}'), 1)
  assert.equal(await value('send_duration_seconds_sum'), 0.01)
  assert.equal(await value('pending_sends'), 0)
  await connection.close()
  assert.deepEqual([await value(`broker_connected${A}`), await value(`broker_connected${B}`)], [0, 0])
})

test('sends that fail are counted by what is known of them', async () => {
  const uri = 'failover:(stomp://a)?jitter=0&maxPending=1&whenFull=reject'
  const { connection, linkTo, value } = await measured({ uri })
  const rejected = watch(connection.send('jobs', 'x'))
  const full = watch(connection.send('jobs', 'x'))
  await settled()
  linkTo('producer').sent[0]?.fail('rejected')
  await settled()
  assert.deepEqual([rejected.ending().kind, full.ending().kind], ['failed', 'failed'])
  assert.equal(await value('messages_sent_total{outcome="rejected"}'), 1)
  assert.equal(await value('messages_sent_total{outcome="not-sent"}'), 1)
  assert.equal(await value('messages_sent_total{outcome="confirmed"}'), 0)
  assert.equal(await value('send_duration_seconds_count'), 0, 'only a confirm has a duration that means something')
  await connection.close()
})

test('deliveries are counted when a handler has them, and again by how they end', async () => {
  const { connection, subscription, clock, value } = await measured()
  const inHand: Delivery[] = []
  connection.listen(
    'jobs',
    async (delivery) => {
      inHand.push(delivery)
      if (delivery.id === 'bad') throw new Error('handler')
      if (delivery.id === 'slow') await new Promise<void>((resolve) => clock.after(200, resolve))
    },
    { concurrency: 3 },
  )
  await settled()
  for (const id of ['ok', 'bad', 'slow']) subscription().deliver(id, { redelivered: id === 'slow' })
  await settled()
  await clock.advance(200)
  await inHand[0]?.ack()
  assert.equal(await value('messages_delivered_total{redelivered="false"}'), 2)
  assert.equal(await value('messages_delivered_total{redelivered="true"}'), 1)
  assert.equal(await value('messages_settled_total{settlement="ack"}'), 1)
  assert.equal(await value('messages_settled_total{settlement="reject"}'), 1)
  assert.equal(await value('handler_duration_seconds_count{result="ok"}'), 2)
  assert.equal(await value('handler_duration_seconds_count{result="error"}'), 1)
  assert.equal(await value('handler_duration_seconds_sum{result="ok"}'), 0.2)
  assert.equal(await value('unsettled_deliveries'), 1)
  assert.equal(await value('broker_connected{broker="stomp://a:61613",role="listener"}'), 1)
  const ended = watch(Promise.resolve(inHand[2]?.ack()))
  await settled()
  assert.equal(ended.ending().kind, 'done')
  await connection.close()
})

test('a handler that says that the work failed is counted as one that threw, and its delivery as it settled it', async () => {
  const { connection, subscription, value } = await measured()
  connection.listen('jobs', async (delivery) => {
    delivery.noteFailure(new Error('kept elsewhere'))
    await delivery.ack()
  })
  await settled()
  subscription().deliver('1')
  await settled()
  assert.equal(await value('handler_duration_seconds_count{result="error"}'), 1)
  assert.equal(await value('handler_duration_seconds_count{result="ok"}'), 0)
  assert.equal(await value('messages_settled_total{settlement="ack"}'), 1)
  await connection.close()
})

test('outages are there with 0 before the first, and another connection does not forget them', async () => {
  const register = new Registry()
  const metrics = prometheusMetrics(register)
  const one = await observed({ metrics })
  assert.equal((await samples(register)).get('understudy_failover_duration_seconds_count{role="producer"}'), 0)
  one.linkTo('producer').die()
  await settled()
  await one.clock.advance(1000)
  const two = await observed({ metrics })
  assert.equal((await samples(register)).get('understudy_failover_duration_seconds_count{role="producer"}'), 1)
  for (const { connection } of [one, two]) await connection.close()
})

test('a delivery whose link was lost ends as stale, whether or not its settlement was on the way', async () => {
  const { connection, subscription, linkTo, value } = await measured()
  const inHand: Delivery[] = []
  connection.listen('jobs', (delivery) => void inHand.push(delivery))
  await settled()
  const first = subscription()
  first.holdSettlements = true
  for (const id of ['1', '2', '3']) first.deliver(id)
  const answer = watch(inHand[0]?.ack() ?? Promise.resolve())
  linkTo('listener').die(lost())
  await settled()
  assert.equal(answer.ending().kind, 'failed')
  assert.equal(await value('messages_settled_total{settlement="stale"}'), 3)
  assert.equal(await value('messages_settled_total{settlement="ack"}'), 0)
  await connection.close()
})

test('a broker that blocks and one that cancels a subscription are seen, and so is the next subscription', async () => {
  const { connection, clock, linkTo, subscription, value } = await measured()
  connection.listen('jobs', () => {})
  await settled()
  linkTo('producer').context?.onBlocked('low on memory')
  assert.equal(await value(`broker_blocked${A}`), 1)
  linkTo('producer').context?.onBlocked(undefined)
  assert.equal(await value(`broker_blocked${A}`), 0)
  const told: string[] = []
  connection.observe((event) => 'destination' in event && told.push(`${event.type} ${event.destination}`))
  subscription().sink.cancelled(new UnderstudyError('protocol', 'the queue was deleted', { retriable: true }))
  assert.equal(await value('subscriptions_cancelled_total'), 1)
  await clock.advance(1000)
  assert.deepEqual(told, ['cancelled queue://jobs', 'subscribed queue://jobs'])
  linkTo('producer').context?.onBlocked('low on disk')
  linkTo('producer').die()
  await settled()
  assert.equal(await value(`broker_blocked${A}`), 0, 'a link that is gone is not blocked')
  await connection.close()
})

test('copies of finished messages are counted and not as deliveries', async () => {
  const { connection, subscription, value } = await measured()
  const { memoryDedupe } = await import('../../src/listener/dedupe.ts')
  connection.listen('jobs', (delivery) => delivery.ack(), { dedupe: memoryDedupe() })
  await settled()
  subscription().deliver('1')
  await settled()
  subscription().deliver('1', { redelivered: true })
  await settled()
  assert.equal(await value('duplicates_skipped_total'), 1)
  assert.equal(await value('messages_delivered_total{redelivered="true"}'), 0)
  await connection.close()
})

test('two connections with one object add up, and no label holds an id, a destination or a text', async () => {
  const register = new Registry()
  const metrics = prometheusMetrics(register)
  const [one, two] = [await observed({ metrics }), await observed({ metrics })]
  for (const { connection, transport } of [one, two]) {
    transport.last.confirms = true
    await connection.send('queue://secret-queue', 'x', { id: 'secret-id' })
    one.transport.last.confirms = false
    void connection.send('queue://secret-queue', 'x').catch(() => {})
  }
  await settled()
  one.linkTo('producer').die(lost('secret text'))
  await settled()
  const text = await register.metrics()
  assert.doesNotMatch(text, /secret/)
  const found = await samples(register)
  assert.equal(found.get(`understudy_broker_connected${A}`), 1)
  assert.equal(found.get(`understudy_broker_connected${B}`), 1)
  for (const { connection, transport } of [one, two]) {
    transport.last.confirms = true
    transport.last.confirmAll()
    await connection.close()
  }
})

test('the second set of metrics for one register is refused by name, a prefix makes room, and options are checked', async () => {
  const register = new Registry()
  prometheusMetrics(register)
  assert.throws(
    () => prometheusMetrics(register),
    (error) => error instanceof UnderstudyError && error.code === 'invalid-option' && /understudy_/.test(error.message),
  )
  prometheusMetrics(register, { prefix: 'orders_' })
  assert.match(await register.metrics(), /^orders_messages_sent_total\{outcome="confirmed"\} 0$/m)
  const slip = { buckets: [1] } as PrometheusMetricsOptions
  assert.throws(() => prometheusMetrics(new Registry(), slip), /unknown prometheusMetrics option "buckets"/)
})

test('metrics that throw at everything disturb neither sends nor deliveries', async () => {
  const fails = (): never => {
    throw new Error('metrics of the worst kind')
  }
  for (const metrics of [
    { open: fails },
    {
      open: () => ({
        status: fails,
        sendEnded: fails,
        sendRetried: fails,
        delivered: fails,
        handled: fails,
        settled: fails,
        duplicate: fails,
        closed: fails,
      }),
    },
  ]) {
    const { connection, linkTo, subscription } = await observed({ metrics })
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
