import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../../src/drill/checker/checker.ts'
import { A, B, WrittenHistory } from '../../../support/history.ts'

/** Jobs are confirmed all along; those from 1,250 ms on wait for the listener until `deliveredMs`. */
function waiting(history: WrittenHistory, deliveredMs: number, untilMs = deliveredMs): WrittenHistory {
  for (let ms = 1250; ms < untilMs; ms += 50) {
    history.due(`w${ms}`, ms).attempt(`w${ms}`, ms, { by: B, outcome: 'ack' })
    history.delivered(`w${ms}`, deliveredMs + ms / 10_000, { by: B, redelivered: true })
  }
  return history
}

function failedOver(): WrittenHistory {
  const history = new WrittenHistory().listenerIs('connected', 0, A).jobs(0, 1000).fault(1000)
  return history.listenerIs('interrupted', 1001, A).listenerIs('resumed', 1200, B)
}

function stuck(history: WrittenHistory): string | undefined {
  const { findings, signs } = judge(history.events)
  const sentence = findings.find((finding) => finding.startsWith('The listener was connected'))
  assert.equal(signs.includes('stuck-consumer'), sentence !== undefined)
  return sentence
}

describe('A stuck consumer', () => {
  it('is one that is connected and gets nothing, while confirmed jobs wait and others are confirmed', () => {
    const history = waiting(failedOver(), 5250).jobs(5300, 20_000, B).drain(21_000)
    assert.equal(
      stuck(history),
      'The listener was connected and got nothing for 3.996 s, while 80 confirmed jobs were waiting: a stuck consumer. It ended by itself.',
    )
  })

  it('is told, too, when only a new connection brought the jobs, redelivered', () => {
    const history = waiting(failedOver().listenerIs('interrupted', 5000, B).listenerIs('resumed', 5100, B), 5250)
    assert.match(
      stuck(history.jobs(5300, 20_000, B).drain(21_000)) ?? '',
      /got nothing for 3\.746 s, while 75 confirmed jobs were waiting: a stuck consumer\. Only a new connection could end it\.$/,
    )
  })

  it('is told when nothing came until the end, and the drain failed for that', () => {
    const history = failedOver()
    for (let ms = 1250; ms < 9000; ms += 50) history.due(`w${ms}`, ms).attempt(`w${ms}`, ms, { by: B, outcome: 'ack' })
    assert.match(stuck(history.drain(12_000, false)) ?? '', /a stuck consumer\. It had not ended when the drill did\.$/)
  })

  it('is none while the listener is not connected', () => {
    const history = new WrittenHistory().listenerIs('connected', 0, A).jobs(0, 1000).fault(1000)
    history.listenerIs('interrupted', 1001, A).listenerIs('resumed', 5200, B)
    assert.equal(stuck(waiting(history, 5250).jobs(5300, 20_000, B).drain(21_000)), undefined)
  })

  it('is none while nothing is confirmed either', () => {
    const history = failedOver().due('w', 1250).attempt('w', 1250, { by: B, outcome: 'ack' })
    history.delivered('w', 5250, { by: B }).jobs(5300, 20_000, B).drain(21_000)
    assert.equal(stuck(history), undefined)
  })

  it('is none when no job waits: lost ones do not', () => {
    const history = failedOver()
    for (let ms = 1250; ms < 5000; ms += 50) history.due(`w${ms}`, ms).attempt(`w${ms}`, ms, { by: B, outcome: 'ack' })
    assert.equal(stuck(history.jobs(5050, 20_000, B).drain(21_000)), undefined)
  })

  it('is none within the 3 s in which the client finds a connection silent', () => {
    assert.equal(stuck(waiting(failedOver(), 4200).jobs(4250, 20_000, B).drain(21_000)), undefined)
  })

  it('is none within ten times the longest that a job waited in the steady state', () => {
    const history = new WrittenHistory().listenerIs('connected', 0, A).jobs(0, 900)
    history.due('slow', 100).attempt('slow', 100, { outcome: 'ack' }).delivered('slow', 520).fault(1000)
    history.listenerIs('interrupted', 1001, A).listenerIs('resumed', 1200, B)
    assert.equal(stuck(waiting(history, 5250).jobs(5300, 20_000, B).drain(21_000)), undefined)
  })

  it('is not told where the history says nothing of the listener’s connection', () => {
    const history = waiting(new WrittenHistory().jobs(0, 1000).fault(1000), 5250).jobs(5300, 20_000, B).drain(21_000)
    assert.equal(stuck(history), undefined)
  })
})
