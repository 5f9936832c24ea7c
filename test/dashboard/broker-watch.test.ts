import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BrokerWatch } from '../../src/dashboard/overview/broker-watch.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { StatusEvent } from '../../src/failover/status.ts'
import { FakeClock } from '../support/fake-clock.ts'

const lost = new UnderstudyError('link-lost', 'the connection was reset')

interface Scripted {
  readonly watch: BrokerWatch
  readonly clock: FakeClock
  readonly happens: (event: StatusEvent) => void
}

/** A watch over a connection that says what it is told to say. */
function watching(links: { producer?: string; listener?: string } = {}): Scripted {
  const clock = new FakeClock()
  let observer: (event: StatusEvent) => void = () => {}
  const connection = {
    links: { producer: links.producer, listener: links.listener },
    observe: (given: (event: StatusEvent) => void) => {
      observer = given
      return () => {}
    },
  }
  return { watch: new BrokerWatch(connection, clock), clock, happens: (event) => observer(event) }
}

describe('the watch over brokers', () => {
  it('knows who served before it began, and that it may have been for longer', () => {
    const { watch } = watching({ producer: 'stomp://a:1' })
    const [sends, deliveries] = watch.links
    assert.deepEqual([sends?.condition, sends?.endpoint, sends?.isOlder], ['up', 'stomp://a:1', true])
    assert.deepEqual([deliveries?.condition, deliveries?.endpoint], ['unused', undefined])
  })

  it('tells a failover: who was lost, since when, who came, after how long', async () => {
    const { watch, clock, happens } = watching({ producer: 'stomp://a:1' })
    await clock.advance(5000)
    happens({ type: 'interrupted', role: 'producer', endpoint: 'stomp://a:1', error: lost })
    const [down] = watch.links
    assert.deepEqual(
      [down?.condition, down?.endpoint, down?.prior, down?.reason],
      ['down', undefined, 'stomp://a:1', lost.message],
    )
    assert.equal(down?.since, clock.wallTime())
    await clock.advance(300)
    happens({
      type: 'attempt-failed',
      role: 'producer',
      endpoint: 'stomp://b:1',
      error: new UnderstudyError('refused', 'no'),
    })
    assert.equal(watch.links[0]?.reason, 'no')
    assert.equal(watch.links[0]?.since, clock.wallTime() - 300, 'it is down since it was lost')
    happens({ type: 'resumed', role: 'producer', endpoint: 'stomp://b:1', outageMs: 300, passes: 1 })
    const [up] = watch.links
    assert.deepEqual([up?.condition, up?.endpoint, up?.prior, up?.isOlder], ['up', 'stomp://b:1', 'stomp://a:1', false])
    assert.deepEqual(watch.failovers, [
      { role: 'producer', at: clock.wallTime(), from: 'stomp://a:1', to: 'stomp://b:1', outageMs: 300 },
    ])
  })

  it('tells how long nobody served where that had begun before the watch did', () => {
    const { watch, happens } = watching()
    happens({ type: 'resumed', role: 'producer', endpoint: 'stomp://b:1', outageMs: 30_000, passes: 9 })
    assert.deepEqual([watch.failovers[0]?.from, watch.failovers[0]?.outageMs], [undefined, 30_000])
  })

  it('counts a switch to a preferred broker as no outage', () => {
    const { watch, happens } = watching({ producer: 'stomp://b:1' })
    happens({ type: 'switching', role: 'producer', endpoint: 'stomp://a:1' })
    happens({ type: 'resumed', role: 'producer', endpoint: 'stomp://a:1', outageMs: 2, passes: 0 })
    assert.equal(watch.failovers[0]?.outageMs, undefined)
    assert.equal(watch.failovers[0]?.from, 'stomp://b:1')
  })

  it('says that a broker takes nothing, and that it does again', () => {
    const { watch, happens } = watching({ producer: 'amqp://a:1' })
    happens({ type: 'blocked', role: 'producer', endpoint: 'amqp://a:1', reason: 'low on disk' })
    assert.deepEqual([watch.links[0]?.condition, watch.links[0]?.reason], ['blocked', 'low on disk'])
    happens({ type: 'unblocked', role: 'producer', endpoint: 'amqp://a:1' })
    assert.deepEqual([watch.links[0]?.condition, watch.links[0]?.reason], ['up', undefined])
  })

  it('is over when the connection is, and not when one listener of it is', () => {
    const { watch, happens } = watching({ listener: 'amqp://a:1' })
    happens({ type: 'failed', role: 'listener', error: new UnderstudyError('rejected', 'no such queue') })
    assert.equal(watch.links[1]?.condition, 'up')
    happens({ type: 'closed', role: 'listener' })
    assert.deepEqual([watch.links[1]?.condition, watch.links[1]?.endpoint], ['over', undefined])
  })

  it('remembers fifty failovers, the latest first', () => {
    const { watch, happens } = watching({ producer: 'stomp://a:1' })
    for (let n = 0; n < 60; n++) {
      happens({ type: 'interrupted', role: 'producer', endpoint: `stomp://h${n}:1`, error: lost })
      happens({ type: 'resumed', role: 'producer', endpoint: `stomp://h${n + 1}:1`, outageMs: n, passes: 1 })
    }
    assert.equal(watch.failovers.length, 50)
    assert.deepEqual([watch.failovers[0]?.outageMs, watch.failovers[49]?.outageMs], [59, 10])
  })

  it('tells others of each change, until they have heard enough', () => {
    const { watch, happens } = watching()
    const heard: string[] = []
    const enough = watch.observe(({ type }) => heard.push(type))
    happens({ type: 'connected', role: 'producer', endpoint: 'stomp://a:1', afterMs: 1 })
    enough()
    happens({ type: 'closed', role: 'producer' })
    assert.deepEqual(heard, ['connected'])
  })
})
