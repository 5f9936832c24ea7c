import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { judge } from '../../../src/drill/checker/checker.ts'
import { A, B, scripted, takeover, WrittenHistory } from '../../support/history.ts'

describe('The producer’s outage', () => {
  it('holds exactly 3 s between its bounds, no further apart than two periods and a round trip', () => {
    const broker = fc.record({
      everyMs: fc.integer({ min: 5, max: 500 }),
      roundTripMs: fc.integer({ min: 1, max: 40 }),
      phaseMs: fc.integer({ min: 0, max: 500 }),
      fromMs: fc.integer({ min: 3000, max: 4000 }),
    })
    fc.assert(
      fc.property(broker, ({ fromMs, ...schedule }) => {
        const downs = [{ fromMs, untilMs: fromMs + 3000 }]
        const bounds = judge(scripted({ ...schedule, downs, untilMs: 10_000 }).events).outage.producerMs
        assert.ok(bounds)
        assert.ok(bounds.lower <= 3000 && bounds.upper >= 3000, JSON.stringify(bounds))
        assert.ok(bounds.upper - bounds.lower <= 2 * schedule.everyMs + schedule.roundTripMs, JSON.stringify(bounds))
      }),
    )
  })

  it('is not clipped when it lasts for over a minute', () => {
    const downs = [{ fromMs: 5000, untilMs: 80_000 }]
    const judgement = judge(scripted({ everyMs: 100, roundTripMs: 5, phaseMs: 30, downs, untilMs: 90_000 }).events)
    assert.deepEqual(judgement.outage.producerMs, { lower: 74_900, upper: 75_070 })
    assert.equal(judgement.latencyMs?.max, 74_975)
    assert.equal(judgement.retryThresholdMs, 74_970)
  })

  it('is not observed when no attempt failed after the fault', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000, 'kill', 'b').jobs(1000, 3000).drain(3100)
    assert.equal(judge(history.events).outage.producerMs, null)
  })

  it('does not count failures from before the fault', () => {
    const history = takeover().attempt('early', 300, { outcome: 'nack' }).giveUp('early', 310)
    assert.deepEqual(judge(history.events).outage.producerMs, judge(takeover().events).outage.producerMs)
  })

  it('has no bounds when it was not over at the end, and tells how long it was at least', () => {
    const history = new WrittenHistory({ fault: 'pause' }).jobs(0, 1000).fault(1000, 'pause')
    for (let ms = 1000; ms <= 4000; ms += 50)
      history.due(`j${ms}`, ms).attempt(`j${ms}`, ms, { by: null, outcome: 'refused' })
    const { outage, retryThresholdMs, findings } = judge(history.drain(4500).events)
    assert.equal(outage.producerMs, null)
    assert.equal(retryThresholdMs, null)
    assert.ok(
      findings.includes("The producer's outage was not over at the end: no attempt succeeded for at least 3 s."),
    )
  })

  it('reaches from the first to the last where the service came and went, and tells so', () => {
    const downs = [
      { fromMs: 1000, untilMs: 2000 },
      { fromMs: 3000, untilMs: 4500 },
    ]
    const judgement = judge(scripted({ everyMs: 100, roundTripMs: 5, phaseMs: 50, downs, untilMs: 9000 }).events)
    assert.deepEqual(judgement.outage.producerMs, { lower: 3400, upper: 3550 })
    assert.ok(judgement.findings.some((finding) => finding.startsWith('The service went away 2 times')))
  })

  it('counts an attempt that waited without a connection as not served at that moment', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000)
    for (const ms of [1000, 1500, 2000]) {
      history
        .due(`j${ms}`, ms)
        .attempt(`j${ms}`, ms, { by: null, outcome: 'ack', endMs: 2200 })
        .delivered(`j${ms}`, 2210)
    }
    const { outage } = judge(history.jobs(2250, 4000, B).drain(4100).events)
    assert.deepEqual(outage.producerMs, { lower: 1000, upper: 1300 })
  })
})

describe('The consumer’s outage', () => {
  it('is from the last delivery before the fault to the first of a job sent and acknowledged after it', () => {
    assert.equal(judge(takeover().events).outage.consumerMs, 297)
  })

  it('is not ended by a copy that the brokers held already', () => {
    const history = takeover().delivered('job-at-950', 1245, { redelivered: true, by: B })
    assert.equal(judge(history.events).outage.consumerMs, 297)
  })

  it('is not ended by a confirm that was on its way as the fault struck', () => {
    const history = takeover().attempt('late', 999, { outcome: 'ack', endMs: 1001 }).delivered('late', 1003)
    assert.equal(judge(history.events).outage.consumerMs, 297)
  })

  it('is not shortened by a job that was delivered before the fault and acknowledged when sent again', () => {
    const history = takeover().attempt('stored', 990, { outcome: 'ambiguous', endMs: 1002 }).delivered('stored', 992)
    history.attempt('stored', 1242, { k: 2, by: B, outcome: 'ack', endMs: 1249 })
    assert.equal(judge(history.events).outage.consumerMs, 261)
  })

  it('is not observed when nothing was delivered afterwards', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000).drain(2000)
    assert.equal(judge(history.events).outage.consumerMs, null)
  })
})

describe('Detection', () => {
  it('is the client’s first failing result or lost connection, whichever was earlier', () => {
    const lost = new WrittenHistory().jobs(0, 1000).fault(1000).producerIs('interrupted', 1007, A)
    assert.equal(judge(lost.events).detectionMs, 7)
    assert.equal(judge(lost.attempt('j', 999, { outcome: 'ambiguous', endMs: 1004 }).events).detectionMs, 4)
  })

  it('is not a loss from before the fault', () => {
    const history = new WrittenHistory().jobs(0, 1000).producerIs('interrupted', 500, A).fault(1000)
    assert.equal(judge(history.events).detectionMs, null)
  })

  it('is not a connection that came about, or an endpoint that did not connect', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000).producerIs('connected', 1003, A)
    history.at(1004, { type: 'conn', client: 'listener', state: 'attempt-failed', endpoint: B, reason: 'refused' })
    history.jobs(1010, 2000)
    assert.equal(judge(history.events).detectionMs, null)
  })

  it('by the cluster is the first marker after the fault', () => {
    const history = takeover().lockTaken(10, 'a').lockTaken(3000, 'b', { atMs: 1150 })
    assert.equal(judge(history.events).clusterDetectionMs, 150)
  })

  it('moves the zero of all times when the client knew before the proof was complete', () => {
    const history = new WrittenHistory().jobs(0, 1000)
    history.at(1000, { type: 'fault', name: 'stop', node: 'a', endpoint: A })
    history.at(2500, { type: 'proof', node: 'a', effectiveNs: 2400e6, proof: ['the process is gone'] })
    history.producerIs('interrupted', 1200, A)
    history.due('j', 1250).attempt('j', 1250, { by: null, outcome: 'refused' })
    history.attempt('j', 1490, { k: 2, by: B, outcome: 'ack', endMs: 1500 }).delivered('j', 1510, { k: 2, by: B })
    const judgement = judge(history.jobs(1550, 4000, B).drain(4100).events)
    assert.equal(judgement.detectionMs, 0)
    assert.equal(judgement.failoverMs, 300)
  })
})
