import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryBrokers } from '../../../adapters/memory/brokers.ts'
import { memoryTransport } from '../../../adapters/memory/transport.ts'
import { ArticleProducer } from '../../../src/drill/threshold/article-producer.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import { Recording } from '../../../src/drill/runner/recording.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import { memoryBroker, type MemoryBrokerControl } from '../../../src/testing/memory-broker.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'

const RETRY_MS = 4000
const DEADLINE_MS = 300

interface Stage {
  readonly clock: FakeClock
  readonly producer: ArticleProducer
  readonly a: MemoryBrokerControl
  readonly b: MemoryBrokerControl
  /** What was recorded, one word each: `att 1 a`, `res 1 ack`, `giveup`, with the time in milliseconds before. */
  readonly told: () => readonly string[]
}

/** One job a minute, so that each test sees one job alone. */
function stage(): Stage {
  const clock = new FakeClock()
  const brokers = new MemoryBrokers(clock)
  const events: HistoryEvent[] = []
  const { endpoints } = parseFailoverUri(`failover:(memory:a,memory:b)?connectTimeout=${DEADLINE_MS}&heartbeat=0`)
  const producer = new ArticleProducer({
    runId: 'run',
    transport: memoryTransport(brokers, clock),
    endpoints,
    destination: { kind: 'queue', name: 'article' },
    everyMs: 60_000,
    retryAfterMs: RETRY_MS,
    confirmTimeoutMs: DEADLINE_MS,
    clock,
    recording: new Recording(clock, [(event) => events.push(event)]),
  })
  const told = (): readonly string[] =>
    events.flatMap((event) => {
      const at = Math.round(event.t / 1e6)
      if (event.type === 'att') return [`${at}: att ${event.k} ${event.endpoint?.replace('memory://', '')}`]
      if (event.type === 'res') return [`${at}: res ${event.k} ${event.outcome}`]
      return event.type === 'giveup' ? [`${at}: giveup`] : []
    })
  return { clock, producer, a: memoryBroker('a', brokers), b: memoryBroker('b', brokers), told }
}

describe('the one-retry producer', () => {
  it('sends to the first broker and asks no other when that confirms', async () => {
    const { clock, producer, a, told } = stage()
    producer.start()
    await clock.advance(1)
    assert.deepEqual(told(), ['0: att 1 a', '0: res 1 ack'])
    assert.equal(a.depth('article'), 1)
    await producer.close()
  })

  it('goes to the second at once when the first refuses', async () => {
    const { clock, producer, a, b, told } = stage()
    a.stop()
    producer.start()
    await clock.advance(1)
    assert.deepEqual(told(), ['0: att 1 a', '0: res 1 refused', '0: att 2 b', '0: res 2 ack'])
    assert.equal(b.depth('article'), 1)
    await producer.close()
  })

  it('sleeps r when nobody takes the job, goes through the list once more, and then the job has failed', async () => {
    const { clock, producer, a, b, told } = stage()
    a.stop()
    b.stop()
    producer.start()
    await clock.advance(RETRY_MS - 1)
    assert.equal(told().length, 4)
    await clock.advance(1)
    const refused = ['att 1 a', 'res 1 refused', 'att 2 b', 'res 2 refused'].map((step) => `0: ${step}`)
    const again = ['att 3 a', 'res 3 refused', 'att 4 b', 'res 4 refused', 'giveup'].map(
      (step) => `${RETRY_MS}: ${step}`,
    )
    assert.deepEqual(told(), [...refused, ...again])
    await clock.advance(30_000)
    assert.equal(told().length, 9)
    await producer.close()
  })

  it('is done with its second pass when a broker is back by then', async () => {
    const { clock, producer, a, b, told } = stage()
    a.stop()
    b.stop()
    producer.start()
    await clock.advance(RETRY_MS / 2)
    b.restart()
    await clock.advance(RETRY_MS / 2)
    assert.equal(told().at(-1), `${RETRY_MS}: res 4 ack`)
    await producer.close()
  })

  it('gives a broker that answers nothing up after the deadline of the dial', async () => {
    const { clock, producer, a, told } = stage()
    a.mute()
    producer.start()
    await clock.advance(DEADLINE_MS + 1)
    assert.deepEqual(told(), ['0: att 1 a', '300: res 1 refused', '300: att 2 b', '300: res 2 ack'])
    await producer.close()
  })

  it('gives a broker that keeps its confirm up after the deadline, in doubt, and sends the job elsewhere', async () => {
    const { clock, producer, a, b, told } = stage()
    a.holdConfirms()
    producer.start()
    await clock.advance(DEADLINE_MS + 1)
    assert.deepEqual(told(), ['0: att 1 a', '300: res 1 ambiguous', '300: att 2 b', '300: res 2 ack'])
    assert.equal(b.depth('article'), 1)
    await producer.close()
  })

  it('sends no job twice at a time, and none waits for another', async () => {
    const { clock, producer, a, b, told } = stage()
    a.stop()
    b.stop()
    producer.start()
    await clock.advance(60_000)
    assert.deepEqual(
      told().filter((line) => line.includes('att 1')),
      ['0: att 1 a', '60000: att 1 a'],
    )
    await producer.close()
  })

  it('waits in its end for every job that fell due, and takes no further one', async () => {
    const { clock, producer, a, b, told } = stage()
    a.stop()
    b.stop()
    producer.start()
    await clock.advance(1)
    let isOver = false
    const finished = producer.finish().then(() => (isOver = true))
    await clock.advance(RETRY_MS - 2)
    assert.equal(isOver, false)
    await clock.advance(1)
    await finished
    assert.equal(told().at(-1), `${RETRY_MS}: giveup`)
    assert.equal(clock.pending, 0)
  })

  it('is closed at once in the middle of a sleep, leaves no timer, and calls no job failed that it broke off', async () => {
    const { clock, producer, a, b, told } = stage()
    a.stop()
    b.stop()
    producer.start()
    await clock.advance(10)
    await producer.close()
    await settled()
    assert.equal(clock.pending, 0)
    assert(!told().some((line) => line.includes('giveup')))
    await producer.close()
  })
})
