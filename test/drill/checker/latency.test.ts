import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { judge } from '../../../src/drill/checker/checker.ts'
import { summarizeLatency } from '../../../src/drill/checker/latency.ts'
import { scripted, WrittenHistory } from '../../support/history.ts'

describe('Scheduled latency', () => {
  it('counts from when a job fell due, not from when it was sent', () => {
    const history = new WrittenHistory().due('j', 10).attempt('j', 900, { outcome: 'ack', endMs: 910 })
    assert.deepEqual(judge(history.events).latencyMs, { p50: 900, p99: 900, max: 900 })
  })

  it('is at its longest no shorter than the outage was at least', () => {
    const schedule = fc.record({
      everyMs: fc.integer({ min: 5, max: 200 }),
      roundTripMs: fc.integer({ min: 1, max: 40 }),
      phaseMs: fc.integer({ min: 0, max: 200 }),
    })
    fc.assert(
      fc.property(schedule, fc.integer({ min: 500, max: 5000 }), (broker, lasts) => {
        const downs = [{ fromMs: 2000, untilMs: 2000 + lasts }]
        const { outage, latencyMs } = judge(scripted({ ...broker, downs, untilMs: 9000 }).events)
        assert.ok(outage.producerMs && latencyMs)
        assert.ok(latencyMs.max >= outage.producerMs.lower)
      }),
    )
  })

  it('ends with the first confirm of a job that was confirmed twice', () => {
    const history = new WrittenHistory().due('j', 10).attempt('j', 10, { outcome: 'ack', endMs: 14 })
    history.attempt('j', 50, { k: 2, outcome: 'ack', endMs: 54 })
    assert.equal(judge(history.events).latencyMs?.max, 4)
  })

  it('ends with the first of two confirms of one attempt', () => {
    const history = new WrittenHistory().due('j', 10).attempt('j', 10, { outcome: 'ack', endMs: 14 })
    history.at(90, { type: 'res', id: 'j', k: 1, outcome: 'ack' })
    assert.equal(judge(history.events).latencyMs?.max, 4)
  })

  it('leaves out jobs that were never acknowledged', () => {
    const history = new WrittenHistory().due('j', 10).attempt('j', 10, { outcome: 'nack' }).job('ok', 20)
    assert.deepEqual(judge(history.events).latencyMs, { p50: 4, p99: 4, max: 4 })
  })
})

describe('The summary of latencies', () => {
  it('gives the value that so many do not exceed', () => {
    const latencies = Array.from({ length: 100 }, (_, index) => (100 - index) * 1e6)
    assert.deepEqual(summarizeLatency(latencies), { p50: 50, p99: 99, max: 100 })
  })

  it('gives the only value there is, to the microsecond', () => {
    assert.deepEqual(summarizeLatency([1_234_567]), { p50: 1.235, p99: 1.235, max: 1.235 })
  })

  it('is null when there are none', () => {
    assert.equal(summarizeLatency([]), null)
  })
})
