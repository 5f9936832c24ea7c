import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judgedBy } from '../../../bench/claim.ts'
import { Ledger } from '../../../bench/soak/ledger.ts'
import type { OutageRun, OutageSample } from '../../../bench/outage/outage.ts'
import { outageClaims } from '../../../bench/outage/outage-report.ts'

const MIB = 1024 * 1024

function sampleAt(atMs: number, heapBytes = 40 * MIB, pending = 1000): OutageSample {
  return { atMs, pending, heapBytes, arrayBufferBytes: 10 * MIB, rssBytes: 100 * MIB, resources: {} }
}

function runOf(changes: Partial<OutageRun> = {}): OutageRun {
  return {
    whenFull: 'wait',
    idle: sampleAt(-2),
    flowing: sampleAt(-1),
    down: Array.from({ length: 10 }, (_, index) => sampleAt((index + 1) * 1000)),
    afterwards: sampleAt(11_000),
    bound: 1000,
    senders: 1500,
    told: 0,
    backMs: 100,
    counts: { ...new Ledger().counts(), attempted: 5000, confirmed: 5000 },
    drained: true,
    ledgerBytes: 0,
    ...changes,
  }
}

const refused = (changes: Partial<OutageRun>): string[] =>
  outageClaims(runOf(changes)).flatMap(({ holds, found }) => (holds === false ? [found] : []))

describe("an outage's verdict", () => {
  it('holds when the buffer stayed full and flat, and everything taken was confirmed and consumed', () => {
    assert.equal(judgedBy(outageClaims(runOf())), 'held')
    const { counts } = runOf()
    // Those that never found room before the end were told so, and nothing else failed.
    const rejecting = { ...counts, attempted: 5500, failed: 500, failures: { 'pending-full, not-sent': 500 } }
    assert.equal(judgedBy(outageClaims(runOf({ whenFull: 'reject', told: 9000, counts: rejecting }))), 'held')
  })

  it('is violated when more are unconfirmed than configured, or the buffer was never full', () => {
    assert.deepEqual(refused({ down: [sampleAt(1000, 40 * MIB, 1001)] }), ['at most 1001 of 1000'])
    assert.deepEqual(refused({ down: [sampleAt(1000, 40 * MIB, 999)] }), ['at most 999 of 1000'])
  })

  it('is violated by memory that grows', () => {
    const down = Array.from({ length: 10 }, (_, index) => sampleAt((index + 1) * 1000, (40 + index) * MIB))
    assert.deepEqual(refused({ down }), ['7.00 MiB, 1048576 bytes/s'])
  })

  it('is violated when a full buffer does what the other policy asks for', () => {
    assert.deepEqual(refused({ told: 1 }), ['1 were told'])
    assert.deepEqual(refused({ whenFull: 'reject', told: 0 }), ['0 times'])
  })

  it('is violated by what was taken and failed, and by what was confirmed and never came', () => {
    const { counts } = runOf()
    const failed = { ...counts, confirmed: 4999, failed: 1, failures: { 'unconfirmed, unknown': 1 } }
    assert.deepEqual(refused({ counts: failed }), ['4999 of 5000; 1 unconfirmed, unknown'])
    assert.deepEqual(refused({ counts: { ...counts, undelivered: 3 } }), ['3 lost'])
    assert.equal(judgedBy(outageClaims(runOf({ drained: false }))), 'not judged')
  })
})
