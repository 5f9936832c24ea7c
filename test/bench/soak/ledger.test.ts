import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Ledger } from '../../../bench/soak/ledger.ts'

/** A ledger with jobs 0 to `count` - 1. */
function ledgerOf(count: number): Ledger {
  const ledger = new Ledger()
  for (let job = 0; job < count; job++) assert.equal(ledger.begin(), job)
  return ledger
}

const NONE = { afterAck: 0, resend: 0, redelivery: 0, broker: 0, unplaced: 0 }

describe('the ledger of a soak', () => {
  it('calls undelivered what was confirmed and never came, in whatever order the two are told', () => {
    const ledger = ledgerOf(4)
    ledger.confirm(0)
    ledger.deliver(1, 1, false)
    ledger.confirm(1)
    ledger.confirm(2)
    assert.equal(ledger.undelivered, 2)
    ledger.deliver(2, 1, false)
    assert.equal(ledger.undelivered, 1)
    const { attempted, confirmed, undelivered, deliveries, duplicates } = ledger.counts()
    assert.deepEqual([attempted, confirmed, undelivered, deliveries, duplicates], [4, 3, 1, 2, NONE])
  })

  it('tells the kinds of duplicates apart', () => {
    const ledger = ledgerOf(4)
    for (const job of [0, 1, 2, 3]) ledger.deliver(job, 1, false)
    ledger.acknowledge(0, 1)
    ledger.deliver(0, 1, true)
    assert.deepEqual(ledger.counts().duplicates, { ...NONE, afterAck: 1 })
    ledger.deliver(1, 1, true)
    ledger.deliver(2, 1, false)
    assert.deepEqual(ledger.counts().duplicates, { ...NONE, afterAck: 1, redelivery: 1, broker: 1 })
    // Sent twice, it lies in the broker twice: the acknowledge of the one copy says nothing of the other.
    ledger.acknowledge(3, 1)
    ledger.deliver(3, 2, false)
    assert.deepEqual(ledger.counts().duplicates, { ...NONE, afterAck: 1, redelivery: 1, broker: 1, resend: 1 })
    ledger.acknowledge(3, 2)
    ledger.deliver(3, 2, false)
    assert.equal(ledger.counts().duplicates.afterAck, 2)
    assert.equal(ledger.counts().deliveries, 9)
  })

  it('says so where there were too many attempts to tell', () => {
    const ledger = ledgerOf(1)
    ledger.confirm(0)
    ledger.deliver(0, 8, false)
    assert.equal(ledger.undelivered, 0)
    ledger.acknowledge(0, 8)
    ledger.deliver(0, 9, true)
    ledger.deliver(0, 12, true)
    assert.deepEqual(ledger.counts().duplicates, { ...NONE, unplaced: 2 })
  })

  it('counts failures by reason, and what came all the same', () => {
    const ledger = ledgerOf(3)
    ledger.fail(0, 'unconfirmed', 'unknown')
    ledger.deliver(0, 1, false)
    ledger.deliver(1, 1, false)
    ledger.fail(1, 'unconfirmed', 'unknown')
    ledger.fail(2, 'not-sent', 'not-sent')
    const { failed, recovered, failures, undelivered } = ledger.counts()
    assert.deepEqual([failed, recovered, undelivered], [3, 2, 0])
    assert.deepEqual(failures, { 'unconfirmed, unknown': 2, 'not-sent, not-sent': 1 })
    assert.equal(ledger.settled, 3)
  })

  it('counts what nobody sent', () => {
    const ledger = ledgerOf(1)
    for (const job of [1, -1, Number.NaN, 0.5]) ledger.deliver(job, 1, false)
    assert.equal(ledger.counts().unexpected, 4)
    ledger.acknowledge(1, 1)
    assert.throws(() => ledger.confirm(1), RangeError)
  })

  it('takes three bytes a job, and keeps jobs apart across its pieces', () => {
    const count = 200_000
    const ledger = ledgerOf(count)
    assert.equal(ledger.bytes, Math.ceil(count / 65_536) * 65_536 * 3)
    for (let job = 0; job < count; job++) ledger.confirm(job)
    for (let job = 0; job < count; job += 2) ledger.deliver(job, 1, false)
    assert.equal(ledger.undelivered, count / 2)
    ledger.deliver(65_537, 1, false)
    assert.equal(ledger.undelivered, count / 2 - 1)
    assert.deepEqual(ledger.counts().duplicates, NONE)
  })
})
