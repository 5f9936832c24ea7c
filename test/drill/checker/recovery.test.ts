import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../src/drill/checker/checker.ts'
import { A, B, takeover, WrittenHistory } from '../../support/history.ts'

describe('The recovery time', () => {
  it('ends when errors, latency and backlog were back in bounds for a whole window', () => {
    const { recoveryMs, failoverMs } = judge(takeover().events)
    assert.ok(recoveryMs !== null && failoverMs !== null)
    assert.ok(recoveryMs >= failoverMs && recoveryMs <= failoverMs + 50, `${recoveryMs}`)
  })

  it('is 0 when nothing ever left its bounds', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000, 'kill', 'b').jobs(1000, 12_000).drain(12_100)
    assert.equal(judge(history.events).recoveryMs, 0)
  })

  it('starts over when an attempt fails within the window', () => {
    const history = takeover().attempt('nacked', 1800, { by: B, outcome: 'nack', endMs: 1804 })
    const { recoveryMs } = judge(history.events)
    assert.ok(recoveryMs !== null && recoveryMs >= 804 && recoveryMs <= 860, `${recoveryMs}`)
  })

  it('does not mind what fails after the window', () => {
    const history = takeover({ objectives: { windowMs: 2000 } })
    history.attempt('nacked', 9000, { by: B, outcome: 'nack', endMs: 9004 })
    const { recoveryMs } = judge(history.events)
    assert.ok(recoveryMs !== null && recoveryMs <= 300, `${recoveryMs}`)
  })

  it('waits until jobs are confirmed as fast as before', () => {
    const history = new WrittenHistory({ objectives: { windowMs: 2000 } }).jobs(0, 1000).fault(1000)
    for (let ms = 1000; ms < 3000; ms += 50) {
      history.due(`slow-${ms}`, ms).attempt(`slow-${ms}`, ms, { by: B, outcome: 'ack', endMs: ms + 300 })
      history.delivered(`slow-${ms}`, ms + 301, { by: B })
    }
    const { recoveryMs } = judge(history.jobs(3000, 7000, B).drain(8000).events)
    assert.ok(recoveryMs !== null && recoveryMs >= 2200 && recoveryMs <= 2300, `${recoveryMs}`)
  })

  it('waits until the listener has caught up', () => {
    const history = new WrittenHistory({ objectives: { windowMs: 2000 } }).jobs(0, 1000).fault(1000)
    for (let ms = 1000; ms < 3000; ms += 50) {
      history.due(`held-${ms}`, ms).attempt(`held-${ms}`, ms, { by: B, outcome: 'ack' })
      history.delivered(`held-${ms}`, 3500 + ms / 1000, { by: B })
    }
    const { recoveryMs } = judge(history.jobs(3000, 7000, B).drain(8000).events)
    assert.ok(recoveryMs !== null && recoveryMs >= 2450 && recoveryMs <= 2560, `${recoveryMs}`)
  })

  it('takes for granted the backlog that there was in the steady state', () => {
    const history = new WrittenHistory({ objectives: { windowMs: 2000 } })
    const slowly = (fromMs: number, untilMs: number, by: string) => {
      for (let ms = fromMs; ms < untilMs; ms += 50) {
        history
          .due(`j${ms}`, ms)
          .attempt(`j${ms}`, ms, { by, outcome: 'ack' })
          .delivered(`j${ms}`, ms + 500, { by })
      }
    }
    slowly(0, 3000, A)
    history.fault(3000)
    slowly(3000, 7000, B)
    const { recoveryMs } = judge(history.drain(8000).events)
    assert.equal(recoveryMs, 0)
  })

  it('takes for granted the share of attempts that failed in the steady state', () => {
    const history = new WrittenHistory({ objectives: { windowMs: 2000 } }).jobs(0, 3000)
    for (const ms of [10, 1010, 2010]) history.attempt(`bad-${ms}`, ms, { outcome: 'nack' })
    history.fault(3000).jobs(3000, 7000, B).attempt('bad', 4010, { by: B, outcome: 'nack' })
    const { recoveryMs } = judge(history.drain(8000).events)
    assert.ok(recoveryMs !== null && recoveryMs < 100, `${recoveryMs}`)
  })

  it('is not put off for ever by a job that never arrived', () => {
    const history = takeover().due('gone', 2000).attempt('gone', 2000, { by: B, outcome: 'ack' })
    assert.notEqual(judge(history.events).recoveryMs, null)
  })

  it('is not observed when the drill ended before the window did, and the finding says what was seen', () => {
    const history = takeover({ objectives: { windowMs: 60_000 } })
    const { recoveryMs, findings, verdict } = judge(history.events)
    assert.equal(recoveryMs, null)
    assert.equal(verdict, 'pass')
    assert.match(
      findings.join('\n'),
      /were back in bounds 250 ms after the fault and stayed so for the 11\.\d+ s that were watched, less than the window of 60 s/,
    )
  })

  it('is not observed when the service was still away at the end', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000)
    for (let ms = 1000; ms < 3000; ms += 50)
      history.due(`j${ms}`, ms).attempt(`j${ms}`, ms, { by: null, outcome: 'refused' })
    const { recoveryMs, findings } = judge(history.drain(3100).events)
    assert.equal(recoveryMs, null)
    assert.match(findings.join('\n'), /were not back in bounds 2 s after the fault, when the schedule ended/)
  })
})

describe('The RTO', () => {
  it('is met when the recovery took no longer', () => {
    const { objectives, verdict } = judge(takeover().events, { objectives: { rtoMs: 5000 } })
    assert.equal(verdict, 'pass')
    assert.deepEqual(
      objectives.find((objective) => objective.name === 'RTO'),
      { name: 'RTO', target: '5 s', actual: '251 ms', met: true },
    )
  })

  it('is violated when the recovery took longer', () => {
    const { reasons, verdict } = judge(takeover().events, { objectives: { rtoMs: 100 } })
    assert.equal(verdict, 'fail')
    assert.deepEqual(reasons, ['The recovery took 251 ms, and the RTO is 100 ms.'])
  })

  it('is violated when the recovery was not seen to its end and took longer already', () => {
    const { reasons, verdict } = judge(takeover().events, { objectives: { rtoMs: 100, windowMs: 60_000 } })
    assert.equal(verdict, 'fail')
    assert.deepEqual(reasons, ['The recovery took at least 250 ms, and the RTO is 100 ms.'])
  })

  it('is unknown when nothing proves that the fault took effect', () => {
    const events = takeover().events.filter((event) => event.type !== 'proof')
    const { objectives } = judge(events, { objectives: { rtoMs: 5000 } })
    assert.equal(objectives.find((objective) => objective.name === 'RTO')?.met, null)
  })

  it('is unknown when there was no steady state to come back to', () => {
    const events = new WrittenHistory().job('only', 900).fault(1000).jobs(1000, 12_000, B).drain(12_100).events
    const { objectives, verdict } = judge(events, { objectives: { rtoMs: 5000 } })
    assert.equal(objectives.find((objective) => objective.name === 'RTO')?.met, null)
    assert.equal(verdict, 'unknown')
  })

  it('is unknown when it was not watched for a whole window', () => {
    const { reasons, verdict } = judge(takeover().events, { objectives: { rtoMs: 5000, windowMs: 60_000 } })
    assert.equal(verdict, 'unknown')
    assert.match(reasons.join(), /^Whether the RTO of 5 s was met is not known/)
  })
})
