import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { FailoverPart } from '../../../src/drill/result.ts'
import { A, B, takeover, WrittenHistory } from '../../support/history.ts'

interface Moments {
  readonly interrupted?: number
  readonly lock?: number
  readonly serving?: number
  readonly resumed?: number
  readonly confirmed: number
}

/** A killed at 1,000 ms; the rest as given. */
function failover({ interrupted, lock, serving, resumed, confirmed }: Moments): WrittenHistory {
  const history = new WrittenHistory().jobs(0, 1000).fault(1000)
  if (interrupted !== undefined) history.producerIs('interrupted', interrupted, A)
  if (lock !== undefined) history.lockTaken(lock)
  if (serving !== undefined) history.probe(serving, 'b', 'serving')
  if (resumed !== undefined) history.producerIs('resumed', resumed, B)
  history.due('j', 1000).attempt('j', confirmed - 0.001, { by: B, outcome: 'ack', endMs: confirmed })
  return history.delivered('j', confirmed + 5, { by: B }).drain(confirmed + 1000)
}

function parts(history: WrittenHistory): Partial<Record<FailoverPart['name'], number>> {
  return Object.fromEntries(judge(history.events).failoverParts.map(({ name, ms }) => [name, ms]))
}

describe('The failover time', () => {
  it('is from the fault to the first confirm through another node, told in its parts', () => {
    const judgement = judge(takeover().events)
    assert.equal(judgement.failoverMs, 250)
    assert.equal(judgement.takenOverBy, 'b')
    assert.deepEqual(judgement.failoverParts, [
      { name: 'detect', ms: 2 },
      { name: 'lock', ms: 198 },
      { name: 'promote', ms: 30 },
      { name: 'reconnect', ms: 10 },
      { name: 'confirm', ms: 10 },
    ])
  })

  it('ends the promotion with the client itself, where it was answered before any probe', () => {
    const seen = parts(failover({ interrupted: 1002, lock: 1100, resumed: 1130, serving: 1180, confirmed: 1200 }))
    assert.deepEqual(seen, { detect: 2, lock: 98, promote: 30, reconnect: 0, confirm: 70 })
  })

  it('is exactly the sum of its parts, whatever was seen and in whatever order', () => {
    const moment = fc.option(fc.double({ min: 1000, max: 5000, noNaN: true }), { nil: undefined })
    const moments = fc.record({
      interrupted: moment,
      lock: moment,
      serving: moment,
      resumed: moment,
      confirmed: fc.double({ min: 1001, max: 5000, noNaN: true }),
    })
    fc.assert(
      fc.property(moments, (given) => {
        const { failoverMs, failoverParts } = judge(failover(given as Moments).events)
        const sum = failoverParts.reduce((total, part) => total + part.ms, 0)
        assert.equal(sum, failoverMs)
        assert.ok(failoverParts.every((part) => part.ms >= 0))
      }),
    )
  })

  it('gives the time of a moment that was not seen to the part after it, and says so', () => {
    const history = failover({ interrupted: 1002, serving: 1230, resumed: 1240, confirmed: 1250 })
    assert.deepEqual(parts(history), { detect: 2, promote: 228, reconnect: 10, confirm: 10 })
    assert.ok(
      judge(history.events).findings.includes(
        'The lock changing hands was not observed; its time is in the part after it.',
      ),
    )
  })

  it('gives no time to a step that was over before the one before it', () => {
    const history = failover({ interrupted: 1300, lock: 1200, serving: 1250, resumed: 1400, confirmed: 1420 })
    assert.deepEqual(parts(history), { detect: 300, lock: 0, promote: 0, reconnect: 100, confirm: 20 })
  })

  it('believes the finest of the sources that saw the lock change hands', () => {
    const history = failover({ interrupted: 1002, serving: 1230, resumed: 1240, confirmed: 1250 })
    history
      .lockTaken(1260, 'b', { atMs: 1000, toleranceMs: 1000 })
      .lockTaken(1222, 'b', { atMs: 1202, toleranceMs: 20 })
    assert.equal(parts(history).lock, 200)
  })

  it('believes the earliest account where the sources are as fine as each other', () => {
    const history = failover({ interrupted: 1002, lock: 1220, serving: 1230, resumed: 1240, confirmed: 1250 })
    assert.equal(parts(history.lockTaken(1221, 'b', { atMs: 1210 })).lock, 208)
  })

  it('does not take the hurt node’s own lock, or an older one, for a takeover', () => {
    const history = failover({ interrupted: 1002, serving: 1230, resumed: 1240, confirmed: 1250 })
    history.lockTaken(5, 'b').lockTaken(1100, 'a')
    assert.equal(parts(history).lock, undefined)
  })

  it('is null when the same node served again', () => {
    const history = new WrittenHistory({ fault: 'pause' }).jobs(0, 1000).fault(1000, 'pause').heal(1500)
    history.jobs(1500, 3000).drain(3100)
    const { failoverMs, failoverParts, takenOverBy } = judge(history.events)
    assert.equal(failoverMs, null)
    assert.equal(takenOverBy, null)
    assert.deepEqual(failoverParts, [])
  })

  it('is null when the fault hit a node that was not serving', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000, 'kill', 'b').jobs(1000, 3000).drain(3100)
    assert.equal(judge(history.events).failoverMs, null)
  })
})
