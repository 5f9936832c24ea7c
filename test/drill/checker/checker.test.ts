import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { MARKER_KINDS } from '../../../src/drill/broker-control.ts'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { HistoryBody, HistoryEvent, Objectives } from '../../../src/drill/history.ts'
import { A, B, RUN, takeover, WrittenHistory } from '../../support/history.ts'

function without(history: WrittenHistory, type: HistoryEvent['type']): readonly HistoryEvent[] {
  return history.events.filter((event) => event.type !== type)
}

function paused(): WrittenHistory {
  const history = new WrittenHistory({ fault: 'pause' })
    .jobs(0, 1000)
    .fault(1000, 'pause')
    .probes(2000, 8900, 'a', 'mute')
  history.due('stuck', 1000).attempt('stuck', 1000, { outcome: 'ambiguous', endMs: 4000 })
  history.heal(9000).attempt('stuck', 9010, { k: 2, outcome: 'ack' }).delivered('stuck', 9020, { k: 2 })
  return history.jobs(9050, 21_000).drain(21_500)
}

const bodies: fc.Arbitrary<HistoryBody> = (() => {
  const id = fc.constantFrom('i', 'j', 'k')
  const k = fc.integer({ min: 1, max: 3 })
  const node = fc.constantFrom('a' as const, 'b' as const)
  const endpoint = fc.constantFrom(A, B)
  const instant = fc.integer({ min: 0, max: 30 })
  const record = <Body extends HistoryBody>(fields: { [Key in keyof Body]: fc.Arbitrary<Body[Key]> }) =>
    fc.record(fields) as unknown as fc.Arbitrary<HistoryBody>
  return fc.oneof(
    record({ type: fc.constant('due' as const), id, sequence: k, dueNs: instant }),
    record({ type: fc.constant('att' as const), id, k, endpoint: fc.option(endpoint) }),
    record({
      type: fc.constant('res' as const),
      id,
      k,
      outcome: fc.constantFrom('ack', 'nack', 'returned', 'refused', 'ambiguous'),
    }),
    record({ type: fc.constant('giveup' as const), id }),
    record({
      type: fc.constant('dlv' as const),
      id,
      runId: fc.constantFrom(RUN, 'run-0'),
      k,
      redelivered: fc.boolean(),
      endpoint,
    }),
    record({ type: fc.constant('cackok' as const), id, n: k }),
    record({
      type: fc.constant('fault' as const),
      name: fc.constantFrom('kill', 'db-pause'),
      node,
      endpoint: fc.option(endpoint),
      done: fc.constantFrom('killed', 'paused', 'cut off'),
      expects: fc.constantFrom('takeover', 'service'),
    }),
    record({ type: fc.constant('abort' as const), why: fc.constantFrom('too long', 'too many') }),
    record({ type: fc.constant('proof' as const), node, effectiveNs: instant, proof: fc.constant([]) }),
    record({ type: fc.constant('heal' as const), node, how: fc.constant('') }),
    record({
      type: fc.constant('conn' as const),
      client: fc.constantFrom('producer', 'listener'),
      state: fc.constantFrom('connected', 'interrupted', 'resumed', 'attempt-failed', 'blocked', 'unblocked'),
      endpoint: fc.option(endpoint),
      reason: fc.constantFrom(null, 'refused', 'dial-timeout', 'heartbeat-lost'),
    }),
    record({
      type: fc.constant('probe' as const),
      node,
      endpoint,
      finding: fc.constantFrom('serving', 'refused', 'mute'),
    }),
    record({
      type: fc.constant('marker' as const),
      kind: fc.constantFrom(...MARKER_KINDS),
      node,
      source: fc.constant('log'),
      toleranceMs: fc.constantFrom(0, 1),
      detail: fc.constant(''),
      atNs: instant,
    }),
    record({ type: fc.constant('drain' as const), ok: fc.boolean(), outstanding: fc.constant(0) }),
  )
})()

/** Thirty events and more within thirty nanoseconds, after a run line. */
const anyEvents: fc.Arbitrary<HistoryEvent[]> = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), bodies), { minLength: 30, maxLength: 90, size: 'max' }),
    fc.constantFrom('lock' as const, 'quorum' as const, 'home-node' as const),
    fc.boolean(),
  )
  .map(([timed, topology, behind]) => {
    const entrances = behind ? [{ name: 'door', endpoint: A }] : []
    const predicted = { lowerMs: 1, upperMs: 2, because: 'it says so' }
    const { events } = new WrittenHistory({ topology, entrances, predicted })
    for (const [t, body] of timed) events.push({ t, wall: 0, ...body })
    return events
  })

describe('The verdict', () => {
  it('is pass when another broker took over and nothing was lost', () => {
    const { verdict, reasons, findings } = judge(takeover().events)
    assert.equal(verdict, 'pass')
    assert.deepEqual(reasons, [])
    assert.deepEqual(findings, ['b took over: its first confirm came 250 ms after a was killed.'])
  })

  it('is fail when an acknowledged job was lost, and says how old the loss is', () => {
    const history = takeover().due('gone', 400).attempt('gone', 400, { outcome: 'ack' })
    const { verdict, reasons, recoveryPointMs } = judge(history.events)
    assert.equal(verdict, 'fail')
    assert.equal(recoveryPointMs, 596)
    assert.deepEqual(reasons, [
      '1 of 251 confirmed jobs was never delivered; the oldest had been confirmed 596 ms before the fault.',
    ])
  })

  it('is pass when no more was lost than the RPO allows', () => {
    const history = takeover({ objectives: { rpoJobs: 1 } }).attempt('gone', 400, { outcome: 'ack' })
    const { verdict, findings } = judge(history.events)
    assert.equal(verdict, 'pass')
    assert.ok(findings.includes('1 confirmed job never arrived, within the RPO of 1.'))
  })

  it('is fail when a job was delivered that this run never sent', () => {
    const { verdict, reasons } = judge(takeover().delivered('x', 5000, { runId: 'run-0' }).events)
    assert.equal(verdict, 'fail')
    assert.deepEqual(reasons, ['1 delivered job was never sent by this run.'])
  })

  it('is fail when a job came again after its acknowledge had been confirmed', () => {
    const { verdict, reasons } = judge(takeover().delivered('job-at-500', 5000, { redelivered: true }).events)
    assert.equal(verdict, 'fail')
    assert.deepEqual(reasons, ['1 job came again after the acknowledge had been confirmed.'])
  })

  it('is fail when two brokers served at the same time', () => {
    const history = takeover().probes(1300, 2300, 'b', 'serving').probes(1400, 1700, 'a', 'serving')
    const { verdict, reasons } = judge(history.events)
    assert.equal(verdict, 'fail')
    assert.deepEqual(reasons, [
      'a and b both served for 300 ms, from 400 ms to 700 ms after the fault: two masters at once (dual-master).',
    ])
  })

  it('is pass with other duplicates, unless exactly once was asked for', () => {
    const twice = (objectives: Objectives) =>
      takeover({ objectives })
        .attempt('job-at-500', 520, { k: 2, outcome: 'ack' })
        .delivered('job-at-500', 540, { k: 2 })
    assert.equal(judge(twice({}).events).verdict, 'pass')
    const { verdict, reasons } = judge(twice({ exactlyOnce: true }).events)
    assert.equal(verdict, 'fail')
    assert.deepEqual(reasons, ['1 duplicate was delivered, and exactly once was asked for.'])
  })

  it('is unknown when the drain failed, though nothing seems lost', () => {
    const failed = judge([
      ...without(takeover(), 'drain'),
      ...new WrittenHistory().drain(13_000, false).events.slice(1),
    ])
    assert.equal(failed.verdict, 'unknown')
    assert.equal(failed.jobs.lost, null)
    assert.deepEqual(failed.reasons, ['The drain failed: whether anything is lost is not known.'])
  })

  it('is unknown when the history ends before the drain', () => {
    const { verdict, reasons } = judge(without(takeover(), 'drain'))
    assert.equal(verdict, 'unknown')
    assert.match(reasons.join(), /^The history ends before the drain/)
  })

  it('blames no broker for what an interrupted drill did not wait for', () => {
    const cutShort = new WrittenHistory().jobs(0, 2000).fault(2000)
    cutShort.at(2010, { type: 'due', id: 'waiting', sequence: 99, dueNs: 2_010_000_000 })
    cutShort.at(2010, { type: 'att', id: 'waiting', k: 1, endpoint: null })
    cutShort.at(2100, { type: 'giveup', id: 'waiting' })
    const { verdict, objectives } = judge(cutShort.events)
    assert.equal(verdict, 'unknown')
    const met = new Map(objectives.map((objective) => [objective.name, objective.met]))
    assert.deepEqual([met.get('takeover'), met.get('failed jobs')], [null, null])
  })

  it('is unknown when nothing proves that the fault took effect, and then nothing is timed', () => {
    const judgement = judge(without(takeover(), 'proof'))
    assert.equal(judgement.verdict, 'unknown')
    assert.deepEqual(judgement.reasons, ['Nothing proves that the fault took effect on a.'])
    assert.equal(judgement.failoverMs, null)
    assert.equal(judgement.outage.producerMs, null)
    assert.equal(judgement.recoveryMs, null)
    assert.equal(judgement.retryThresholdMs, null)
  })

  it('is unknown when no fault was injected', () => {
    const { verdict, reasons, fault } = judge(new WrittenHistory().jobs(0, 1000).drain(1100).events)
    assert.equal(verdict, 'unknown')
    assert.deepEqual(reasons, ['No fault was injected, so nothing was rehearsed.'])
    assert.equal(fault.injectedAt, null)
  })

  it('is unknown when there was no steady state before the fault', () => {
    const history = new WrittenHistory().job('only', 900).fault(1000).jobs(1250, 3000, B).drain(3100)
    const { verdict, reasons } = judge(history.events)
    assert.equal(verdict, 'unknown')
    assert.deepEqual(reasons, ['There was no steady state before the fault: 1 job had been confirmed and delivered.'])
  })

  it('is unknown when the listener had fallen behind before the fault', () => {
    const late = new WrittenHistory().jobs(0, 2000).attempt('slow', 10, { outcome: 'ack' }).fault(2000)
    late.delivered('slow', 2500).jobs(2300, 4000, B).drain(4100)
    const { verdict, reasons } = judge(late.events)
    assert.equal(verdict, 'unknown')
    assert.match(reasons.join(), /the listener was behind, with 1 job confirmed over a second earlier/)
  })

  it('is unknown when no job was sent', () => {
    const { verdict, reasons, latencyMs } = judge(new WrittenHistory().drain(100).events)
    assert.equal(verdict, 'unknown')
    assert.equal(reasons[0], 'No job was sent.')
    assert.equal(latencyMs, null)
  })

  it('stays fail when besides a loss something else is unknown', () => {
    const history = takeover().delivered('x', 5000, { runId: 'run-0' })
    const { verdict, reasons } = judge(without(history, 'proof'))
    assert.equal(verdict, 'fail')
    assert.equal(reasons.length, 2)
  })

  it('is fail when the serving broker was killed and nobody took over', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000)
    history.due('j', 1000).attempt('j', 1000, { by: null, outcome: 'refused' }).giveUp('j', 5000).drain(9000)
    const { verdict, reasons } = judge(history.events, { objectives: { failedJobs: 1 } })
    assert.equal(verdict, 'fail')
    assert.deepEqual(reasons, ['Nobody took over in the 8 s after a was killed.'])
  })

  it('is fail when more jobs failed than were allowed, and pass when they were', () => {
    const history = takeover()
    history.due('j', 1010).attempt('j', 1010, { by: null, outcome: 'refused' }).giveUp('j', 1500)
    const { verdict, reasons } = judge(history.events)
    assert.equal(verdict, 'fail')
    assert.match(
      reasons.join(),
      /^1 of \d+ jobs failed: no broker confirmed them within the client's retry threshold\.$/,
    )
    assert.equal(judge(history.events, { objectives: { failedJobs: 1 } }).verdict, 'pass')
  })

  it('is unknown when the drill itself stood still after the fault, and no RTO is told failed', () => {
    const history = takeover().at(4000, { type: 'stall', forNs: 2_500_000_000 })
    const { verdict, reasons, objectives } = judge(history.events, { objectives: { rtoMs: 1 } })
    assert.equal(verdict, 'unknown')
    assert.deepEqual(reasons, [
      'The drill itself stood still for 2.5 s after the fault: what it measured is partly its own delay.',
    ])
    assert.equal(objectives.find(({ name }) => name === 'RTO')?.met, null)
  })

  it('does not mind that the drill stood still before the fault', () => {
    assert.equal(judge(takeover().at(500, { type: 'stall', forNs: 400_000_000 }).events).verdict, 'pass')
  })

  it('says why a drill came to no fault', () => {
    const history = new WrittenHistory().jobs(0, 1000).at(1100, { type: 'stopped', why: 'No broker held the lock' })
    const { verdict, reasons } = judge(history.drain(1200).events)
    assert.equal(verdict, 'unknown')
    assert.deepEqual(reasons, ['No broker held the lock.', 'No fault was injected, so nothing was rehearsed.'])
  })

  it('is unknown when the drill was aborted, and says why', () => {
    const history = takeover().at(4000, { type: 'abort', why: 'no job was confirmed for 3 s' })
    const { verdict, reasons } = judge(history.events)
    assert.equal(verdict, 'unknown')
    assert.deepEqual(reasons, ['The drill was aborted after the fault: no job was confirmed for 3 s.'])
  })

  it('stays fail when it was aborted and something was violated all the same', () => {
    const history = takeover().at(4000, { type: 'abort', why: 'over 10 jobs failed' })
    assert.equal(judge(history.delivered('x', 5000, { runId: 'run-0' }).events).verdict, 'fail')
  })

  it('is pass when the standby was killed and the other kept serving', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000, 'kill', 'b').jobs(1000, 12_000).drain(12_100)
    const { verdict, findings, failoverMs, retryThresholdMs, recoveryMs } = judge(history.events)
    assert.equal(verdict, 'pass')
    assert.equal(failoverMs, null)
    assert.equal(retryThresholdMs, 0)
    assert.equal(recoveryMs, 0)
    assert.deepEqual(findings, [
      'b was killed, which was not serving: there was nothing to take over.',
      'No attempt to send failed after the fault.',
    ])
  })
})

describe('A pause', () => {
  it('passes without a takeover when nothing is lost after it was continued', () => {
    const { verdict, reasons, failoverMs, failoverParts, takenOverBy } = judge(paused().events)
    assert.deepEqual(reasons, [])
    assert.equal(verdict, 'pass')
    assert.equal(failoverMs, null)
    assert.equal(takenOverBy, null)
    assert.deepEqual(failoverParts, [])
  })

  it('is told as a hang and not as a refusal', () => {
    const { findings } = judge(paused().events)
    assert.deepEqual(findings.slice(0, 2), [
      'a accepted connections and answered nothing for 7.9 s: a hang, not a refusal.',
      'Nobody took over while a was paused: a stopped process keeps what it holds. It was continued after 8 s.',
    ])
  })

  it('fails when no job is confirmed any more', () => {
    const history = new WrittenHistory({ fault: 'pause' }).jobs(0, 1000).fault(1000, 'pause')
    history.due('j', 1000).attempt('j', 1000, { outcome: 'ambiguous', endMs: 4000 }).giveUp('j', 5000).drain(9000)
    const { verdict, reasons } = judge(history.events, { objectives: { failedJobs: 1 } })
    assert.equal(verdict, 'fail')
    assert.deepEqual(reasons, ['No job was confirmed in the 8 s after a was paused.'])
  })
})

describe('Judging', () => {
  it('gives the same judgement for the same events in any order', () => {
    const history = takeover()
      .probes(1000, 3000, 'a', 'refused')
      .delivered('job-at-500', 5000, { ackConfirmed: false })
      .delivered('job-at-500', 5000, { k: 2, ackConfirmed: false })
      .delivered('job-at-500', 5000, { redelivered: true })
      .attempt('gone', 400, { outcome: 'ack' })
      .attempt('doubt', 400, { outcome: 'ambiguous' })
    const expected = judge(history.events)
    fc.assert(
      fc.property(fc.shuffledSubarray(history.events, { minLength: history.events.length }), (shuffled) => {
        assert.deepEqual(judge(shuffled), expected)
      }),
      { numRuns: 50 },
    )
  })

  it('does so for any events whatever, many of them at the same instant', () => {
    fc.assert(
      fc.property(
        anyEvents.chain((events) =>
          fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
        ),
        ([events, shuffled]) => assert.deepEqual(judge(shuffled), judge(events)),
      ),
      { numRuns: 300 },
    )
  })

  it('does not change the events it is given', () => {
    const history = takeover()
    const before = JSON.stringify(history.events)
    judge(history.events)
    assert.equal(JSON.stringify(history.events), before)
  })

  it('tells of a refusal when the killed broker refused connections', () => {
    const { findings } = judge(takeover().probes(1010, 3010, 'a', 'refused').events)
    assert.equal(findings[0], 'a refused connections for 2.01 s: a refusal, not a hang.')
    assert.equal(findings[1], 'b took over: its first confirm came 250 ms after a was killed.')
  })

  it('tells that the history was cut off, and where', () => {
    const { findings } = judge(takeover().events, { cutLine: 42 })
    assert.equal(findings[0], 'The history was cut off in line 42; that line was left out.')
  })

  it('says what was run, with wall times', () => {
    const judgement = judge(takeover().events)
    assert.equal(judgement.runId, 'run-1')
    assert.equal(judgement.lab, 'embedded')
    assert.equal(judgement.seed, 7)
    assert.deepEqual(judgement.fault, {
      name: 'kill',
      node: 'a',
      done: 'killed',
      injectedAt: '2026-01-01T00:00:01.000Z',
      provenAt: '2026-01-01T00:00:01.000Z',
      proof: ['the process is gone'],
      phaseMs: 100,
    })
    assert.deepEqual(judgement.markers, [
      {
        kind: 'lock-acquired',
        node: 'b',
        source: 'log',
        at: '2026-01-01T00:00:01.200Z',
        afterFaultMs: 200,
        detail: 'b has the lock',
      },
    ])
    assert.deepEqual(
      judgement.brokers.map((broker) => broker.endpoint),
      [A, B],
    )
  })

  it('puts the proof at the time it was of, not at the time it was complete', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000, 'kill', 'a', false)
    history.at(3000, { type: 'proof', node: 'a', effectiveNs: 1012e6, proof: [] })
    assert.equal(judge(history.events).fault.provenAt, '2026-01-01T00:00:01.012Z')
  })

  it('refuses a history that does not say what was run', () => {
    assert.throws(() => judge([]), { name: 'UnderstudyError', code: 'invalid-option' })
  })

  it('asks what the history says was asked, and the caller’s own objectives before that', () => {
    const history = takeover({ objectives: { rtoMs: 100 } })
    assert.equal(judge(history.events).verdict, 'fail')
    assert.equal(judge(history.events, { objectives: { rtoMs: 5000 } }).verdict, 'pass')
  })

  it('takes a million events', () => {
    const history = new WrittenHistory({ everyMs: 1 }).jobs(0, 80_000).fault(80_000).jobs(80_100, 160_000, B)
    history.delivered('job-at-10', 100_000).drain(170_000)
    assert.ok(history.events.length > 950_000)
    assert.equal(judge(history.events).jobs.duplicated.postAck, 1)
  })
})
