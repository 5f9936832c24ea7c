import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../src/drill/checker/checker.ts'
import type { Objectives } from '../../src/drill/history.ts'
import { summaryLine } from '../../src/drill/checker/objectives.ts'
import { type ResultContext, toResult } from '../../src/drill/result.ts'
import { A, takeover, WrittenHistory } from '../support/history.ts'

const context: ResultContext = {
  settings: { lockPollMs: 200 },
  versions: { understudy: '0.1.0', node: '24.0.0' },
  command: 'understudy drill --seed 7',
  files: { events: 'events.jsonl', report: 'report.html', result: 'result.json', logs: ['a.log'] },
}

function line(history: WrittenHistory, objectives: Objectives = {}): string {
  return summaryLine(judge(history.events, { objectives }))
}

describe('A result', () => {
  it('is the judgement together with the circumstances of the run', () => {
    const judgement = judge(takeover().events)
    const result = toResult(judgement, context)
    assert.equal(result.schema, 1)
    assert.equal(result.verdict, 'pass')
    assert.deepEqual(result.target, {
      lab: 'embedded',
      brokers: judgement.brokers,
      settings: { lockPollMs: 200 },
    })
    assert.equal(result.failoverMs, judgement.failoverMs)
    assert.deepEqual(result.files, context.files)
    assert.ok(!('lab' in result) && !('brokers' in result))
  })

  it('names the brokers as the run knows them, before the history', () => {
    const brokers = [{ name: 'a', version: 'ActiveMQ 5.17.2', endpoint: A }]
    assert.deepEqual(toResult(judge(takeover().events), { ...context, brokers }).target.brokers, brokers)
  })

  it('survives JSON unchanged', () => {
    const result = toResult(judge(takeover().events), context)
    assert.deepEqual(JSON.parse(JSON.stringify(result)), result)
  })
})

describe('The summary line', () => {
  it('says whether the RPO was met and that nothing was lost', () => {
    assert.equal(line(takeover()), 'RPO 0: PASS · nothing lost of 250 confirmed jobs')
  })

  it('begins with the RTO where one was asked for, with the actual value when it was not met', () => {
    const expected = 'RTO 100 ms: FAIL (actual 251 ms) · RPO 0: PASS · nothing lost of 250 confirmed jobs'
    assert.equal(line(takeover(), { rtoMs: 100 }), expected)
    assert.match(line(takeover(), { rtoMs: 5000 }), /^RTO 5 s: PASS · /)
  })

  it('says what was lost', () => {
    const history = takeover().attempt('gone', 400, { outcome: 'ack' })
    assert.equal(
      line(history),
      'RPO 0: FAIL (actual 1, the oldest 596 ms before the fault) · 1 lost of 251 confirmed jobs',
    )
  })

  it('never says that nothing was lost when the drain failed', () => {
    const events = takeover().events.filter((event) => event.type !== 'drain')
    assert.equal(summaryLine(judge(events)), 'RPO 0: UNKNOWN · whether any of 250 confirmed jobs is lost is not known')
  })

  it('names any other objective that was violated', () => {
    assert.match(line(takeover().delivered('x', 5000, { runId: 'run-0' })), / · unexpected 0: FAIL \(actual 1\) · /)
    assert.match(line(new WrittenHistory().jobs(0, 1000).fault(1000).drain(3000)), /^takeover: FAIL \(nobody\) · /)
  })
})
