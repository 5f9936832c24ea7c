import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judgedBy } from '../../../bench/claim.ts'
import { Ledger } from '../../../bench/soak/ledger.ts'
import type { SoakRun } from '../../../bench/soak/soak.ts'
import { soakText, summarize } from '../../../bench/soak/soak-report.ts'

const MIB = 1024 * 1024

function runOf(changes: Partial<SoakRun> = {}, heapAt: (failovers: number) => number = () => 20 * MIB): SoakRun {
  const samples = Array.from({ length: 9 }, (_, index) => ({
    failovers: index * 10,
    heapBytes: heapAt(index * 10),
    arrayBufferBytes: 0,
    rssBytes: 100 * MIB,
    resources: { TCPSocketWrap: 2 },
  }))
  return {
    failovers: [1, 2, 3].map((failover) => ({
      failover,
      node: 'a',
      confirmedMs: failover * 100,
      deliveredMs: failover * 110,
    })),
    stopped: undefined,
    samples,
    counts: new Ledger().counts(),
    drained: true,
    staleAcknowledges: 0,
    ledgerBytes: 0,
    lastedMs: 1000,
    ...changes,
  }
}

function countsOf(changes: Partial<SoakRun['counts']>): SoakRun['counts'] {
  return { ...new Ledger().counts(), ...changes }
}

const duplicates = { afterAck: 1, resend: 0, redelivery: 0, broker: 0, unplaced: 0 }

describe("a soak's verdict", () => {
  it('holds when every failover passed, nothing is lost and nothing grows', () => {
    const summary = summarize(runOf(), 3, true)
    assert.equal(judgedBy(summary.claims), 'held')
    assert.deepEqual(summary.confirmedMs, { median: 200, p95: 300, max: 300 })
  })

  it('is violated by a lost job, a copy after its acknowledge, a stop, a growing heap, or more handles', () => {
    const { samples } = runOf()
    const grown = samples.map((sample, index) => Object.assign(sample, { resources: { TCPSocketWrap: 2 + index } }))
    const violations: [string, SoakRun][] = [
      ['1 lost', runOf({ counts: countsOf({ undelivered: 1 }) })],
      ['1 did', runOf({ counts: countsOf({ duplicates }) })],
      ['failover 4: no confirm', runOf({ stopped: 'failover 4: no confirm' })],
      ['2.50 MiB', runOf({}, (failovers) => (failovers / 60) * 2.5 * MIB)],
      ['more: TCPSocketWrap', runOf({ samples: grown })],
    ]
    for (const [found, run] of violations) {
      const { claims } = summarize(run, 80, true)
      assert.equal(judgedBy(claims), 'violated', found)
      assert.deepEqual(
        claims.filter(({ holds }) => holds === false).map((claim) => claim.found),
        [found],
      )
    }
  })

  it('does not call 0 what nobody knows, nor a heap flat after a few looks', () => {
    const { claims } = summarize(runOf({ drained: false, counts: countsOf({ undelivered: 2 }) }), 3, true)
    assert.equal(judgedBy(claims), 'not judged')
    const { claims: few } = summarize(runOf({ samples: runOf().samples.slice(0, 2) }), 3, true)
    assert.deepEqual(
      few.filter(({ holds }) => holds === undefined).map(({ found }) => found),
      ['too few samples', 'too few samples'],
    )
  })

  it('blames nobody for a copy after an acknowledge that was only written, and says so', () => {
    const run = runOf({ counts: countsOf({ duplicates }) })
    const summary = summarize(run, 3, false)
    assert.equal(judgedBy(summary.claims), 'held')
    assert.match(soakText(run, summary, false), /1 after its acknowledge was written \(AMQP confirms none\)/)
    assert.match(soakText(run, summary, true), /1 after its acknowledge was confirmed/)
  })
})
