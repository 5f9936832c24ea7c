import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { storyOf } from '../../../src/dashboard/timeline/outages.ts'
import { StatusRing } from '../../../src/dashboard/timeline/status-ring.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { StatusBroadcast } from '../../../src/failover/status.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const A = 'stomp://a:61613'
const B = 'stomp://b:61613'
const LOST = new UnderstudyError('link-lost', 'the link to a was lost')
const REFUSED = new UnderstudyError('refused', 'a refused')

function watched(up: { readonly producer?: string } = {}): {
  readonly status: StatusBroadcast
  readonly ring: StatusRing
  readonly clock: FakeClock
} {
  const status = new StatusBroadcast()
  const clock = new FakeClock()
  const links = { producer: undefined, listener: undefined, ...up }
  const ring = new StatusRing({ links, observe: (observer) => status.observe(observer) }, clock)
  return { status, clock, ring }
}

describe('the story of a link', () => {
  it('has a bar from the loss to the broker that serves then, and who served before and after', async () => {
    const { status, ring, clock } = watched()
    const began = clock.wallTime()
    status.publish({ type: 'connected', role: 'producer', endpoint: A, afterMs: 1 })
    await clock.advance(5000)
    status.publish({ type: 'interrupted', role: 'producer', endpoint: A, error: LOST })
    await clock.advance(100)
    status.publish({ type: 'attempt-failed', role: 'producer', endpoint: A, error: REFUSED })
    await clock.advance(140)
    status.publish({ type: 'resumed', role: 'producer', endpoint: B, outageMs: 240, passes: 1 })
    const { outages, services } = storyOf(ring.events, 'producer')
    assert.deepEqual(outages, [
      {
        role: 'producer',
        from: began + 5000,
        until: began + 5240,
        lost: A,
        back: B,
        why: 'the link to a was lost',
        kind: 'outage',
      },
    ])
    assert.deepEqual(
      services.map(({ endpoint, until }) => [endpoint, until]),
      [
        [A, began + 5000],
        [B, undefined],
      ],
    )
    assert.deepEqual(storyOf(ring.events, 'listener'), { outages: [], services: [] })
  })

  it('tells a switch to a preferred broker from a loss, and an outage that goes on from one that is over', () => {
    const { status, ring } = watched()
    status.publish({ type: 'connected', role: 'listener', endpoint: B, afterMs: 1 })
    status.publish({ type: 'switching', role: 'listener', endpoint: A })
    status.publish({ type: 'resumed', role: 'listener', endpoint: A, outageMs: 1, passes: 1 })
    status.publish({ type: 'interrupted', role: 'listener', endpoint: A, error: LOST })
    const { outages } = storyOf(ring.events, 'listener')
    assert.deepEqual(
      outages.map(({ kind, until }) => [kind, until === undefined]),
      [
        ['switch', false],
        ['outage', true],
      ],
    )
  })

  it('takes the first connection for a start, however many standbys were asked before, and not for an outage', () => {
    const { status, ring } = watched()
    status.publish({ type: 'attempt-failed', role: 'producer', endpoint: A, error: REFUSED })
    assert.deepEqual(
      storyOf(ring.events, 'producer').outages.map(({ kind }) => kind),
      ['outage'],
      'nobody serves, and perhaps nobody will',
    )
    status.publish({ type: 'connected', role: 'producer', endpoint: B, afterMs: 37 })
    const [start, ...more] = storyOf(ring.events, 'producer').outages
    assert.deepEqual([start?.kind, start?.lost, start?.back, more], ['start', undefined, B, []])
  })

  it('is without a broker since the first attempt, however many there were since', async () => {
    const { status, ring, clock } = watched()
    const began = clock.wallTime()
    for (let pass = 1; pass <= 60; pass++) {
      status.publish({ type: 'attempt-failed', role: 'listener', endpoint: A, error: REFUSED })
      status.publish({ type: 'attempt-failed', role: 'producer', endpoint: A, error: REFUSED })
      status.publish({ type: 'attempt-failed', role: 'producer', endpoint: B, error: REFUSED })
      await clock.advance(1000)
    }
    assert.equal(storyOf(ring.events, 'producer').outages[0]?.from, began)
    assert.ok(ring.events.length <= 5, `${ring.events.length} events of 180 attempts`)
    status.publish({ type: 'connected', role: 'producer', endpoint: B, afterMs: 60_000 })
    const [start] = storyOf(ring.events, 'producer').outages
    assert.deepEqual([start?.from, start?.until], [began, began + 60_000])
  })

  it('tells an outage that began before it watched from a start', () => {
    const { status, ring } = watched()
    status.publish({ type: 'attempt-failed', role: 'producer', endpoint: A, error: REFUSED })
    status.publish({ type: 'resumed', role: 'producer', endpoint: B, outageMs: 240, passes: 1 })
    assert.equal(storyOf(ring.events, 'producer').outages[0]?.kind, 'outage')
  })

  it('has an outage that nothing was heard of before its end', () => {
    const { status, ring, clock } = watched()
    status.publish({ type: 'resumed', role: 'producer', endpoint: B, outageMs: 240, passes: 1 })
    const [outage, ...more] = storyOf(ring.events, 'producer').outages
    assert.deepEqual([outage?.kind, outage?.from, outage?.until], ['outage', clock.wallTime() - 240, clock.wallTime()])
    assert.deepEqual([outage?.back, more], [B, []])
  })

  it('goes on for good once no broker will come any more, and ends when the connection is closed', () => {
    const { status, ring } = watched()
    status.publish({ type: 'connected', role: 'producer', endpoint: A, afterMs: 1 })
    status.publish({ type: 'failed', role: 'producer', error: LOST })
    assert.equal(storyOf(ring.events, 'producer').outages[0]?.until, undefined)
    status.publish({ type: 'closed', role: 'producer' })
    assert.notEqual(storyOf(ring.events, 'producer').outages[0]?.until, undefined)
  })
})

describe('the ring of status events', () => {
  it('knows who served before it began to watch', () => {
    const { ring, clock } = watched({ producer: A })
    const { services } = storyOf(ring.events, 'producer')
    assert.deepEqual(services, [{ role: 'producer', endpoint: A, from: clock.wallTime(), until: undefined }])
  })

  it('keeps a night of attempts as the latest at each broker, and the loss before it', () => {
    const { status, ring } = watched()
    status.publish({ type: 'interrupted', role: 'producer', endpoint: A, error: LOST })
    for (let pass = 1; pass <= 10_000; pass++) {
      status.publish({ type: 'attempt-failed', role: 'producer', endpoint: A, error: REFUSED })
      status.publish({ type: 'attempt-failed', role: 'producer', endpoint: B, error: REFUSED })
      status.publish({ type: 'reconnecting', role: 'producer', passes: pass, delayMs: 10 })
    }
    assert.deepEqual(
      ring.events.map(({ type, endpoint }) => [type, endpoint]),
      [
        ['interrupted', A],
        ['attempt-failed', A],
        ['attempt-failed', B],
        ['reconnecting', undefined],
      ],
    )
  })

  it('forgets the eldest, and hears no more once it is closed', () => {
    const { status, ring } = watched()
    for (let loss = 0; loss < 3000; loss++) {
      status.publish({ type: 'interrupted', role: 'producer', endpoint: A, error: LOST })
      status.publish({ type: 'resumed', role: 'producer', endpoint: B, outageMs: 1, passes: 1 })
    }
    assert.equal(ring.events.length, 2000)
    ring.close()
    status.publish({ type: 'interrupted', role: 'listener', endpoint: A, error: LOST })
    assert.equal(ring.events.at(-1)?.role, 'producer')
  })
})
