import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { renderSummary } from '../../../src/drill/report/summary.ts'
import { textWidth } from '../../../src/text-width.ts'
import { HOSTILE, KILLED, LOSING, PAUSED, writeDrill } from './written-drills.ts'
import { resultOf } from './written-result.ts'

const killed = resultOf(writeDrill(KILLED))

describe('the summary of a drill', () => {
  it('begins with the verdict in one line', () => {
    assert.match(renderSummary(killed), /^PASS · RTO 5 s: PASS · RPO 0: PASS · nothing lost of 300 confirmed jobs\n/)
  })

  it('gives the failover time with its parts, the jobs and where the report is', () => {
    const summary = renderSummary(killed, { folder: 'drills/one' })
    assert.match(
      summary,
      /\nfailover {3}229 ms = detect 2 ms \+ lock 165 ms \+ promote 41 ms \+ reconnect 8 ms \+ confirm 13 ms\n/,
    )
    assert.match(summary, /\njobs {7}300 sent · 300 confirmed · 0 lost · 0 failed · 1 duplicate \(1 resend\)\n/)
    assert.match(summary, /\nreport {5}drills\/one\/report\.html\n/)
  })

  it('says what the recovery is, on a line of its own', () => {
    assert.match(
      renderSummary({ ...killed, recoveryMs: 6_370 }),
      /\noutage {5}producer [^\n]*consumer \d+ ms\nrecovery {3}6\.37 s, until errors, latency and backlog were as before the fault, and stayed so\n/,
    )
    assert.doesNotMatch(renderSummary({ ...killed, recoveryMs: null }), /\nrecovery/)
  })

  it('says what the retry threshold is: the wait before the one retry', () => {
    assert.match(
      renderSummary({ ...killed, retryThresholdMs: 127 }),
      /\nthreshold {2}127 ms: a producer that waits so long before its one retry fails no job of this run\n/,
    )
  })

  it('writes a count in one way wherever it stands', () => {
    const jobs = { ...killed.jobs, attempted: 13_551, acknowledged: 13_551 }
    const summary = renderSummary({ ...killed, jobs })
    assert.match(summary, /nothing lost of 13\u202f551 confirmed jobs/)
    assert.match(summary, /none of 13\u202f551 jobs was lost/)
    assert.doesNotMatch(summary, /13551/)
  })

  it('says why a drill did not pass', () => {
    assert.match(renderSummary(resultOf(writeDrill(LOSING))), /\nwhy {8}3 of 298 confirmed jobs were never delivered/)
    assert.match(
      renderSummary(resultOf(writeDrill(PAUSED))),
      /\nfailover {3}no other broker took over after a was paused\n/,
    )
  })

  it('names what is no broker with its article, where nobody took over', () => {
    const paused = resultOf(writeDrill(PAUSED))
    const summary = renderSummary({
      ...paused,
      fault: { ...paused.fault, node: 'cluster', done: 'put under an alarm' },
    })
    assert.match(summary, /\nfailover {3}no other broker took over after the cluster was put under an alarm\n/)
  })

  it('does not say again in a note who took over and when, unless the heal came first', () => {
    const finding = 'b took over: its first confirm came 241 ms after a was killed'
    const told = (text: string): string => renderSummary({ ...killed, takenOverBy: 'b', findings: [text] })
    assert.doesNotMatch(told(`${finding}.`), /noted|first confirm came/)
    assert.match(told(`${finding}; the heal came after 100 ms.`), /noted +b took over: its first confirm came/)
  })

  it('says unknown, never 0, when the drain failed', () => {
    const summary = renderSummary(resultOf(writeDrill({ ...LOSING, givenUp: [], drained: false })))
    assert.match(summary, /^UNKNOWN/)
    assert.match(summary, /lost: unknown/)
    assert.match(summary.replaceAll('\n', ' '), /whether one of 300 jobs was lost is unknown/)
    assert.doesNotMatch(summary, /\b0 lost|none of/)
  })

  it('writes no control code unless colour is asked for', () => {
    assert.doesNotMatch(renderSummary(killed), /\u001b/)
    const coloured = renderSummary(killed, { colour: true })
    assert.match(coloured, /\u001b\[/)
    assert.equal(stripVTControlCharacters(coloured), renderSummary(killed))
  })

  it('keeps within its width, but for what is to be copied', () => {
    for (const width of [40, 60, 100]) {
      for (const line of renderSummary(resultOf(writeDrill(LOSING)), { width }).split('\n')) {
        if (!/^(?:report|again) /.test(line)) assert.ok(textWidth(line) <= width, `${width}: ${line}`)
      }
    }
  })

  it('lets nothing of a run steer the terminal', () => {
    const result = resultOf(writeDrill(HOSTILE))
    const hostile = { ...result, findings: ['\u001b[2Jgone\u0007'], fault: { ...result.fault, node: 'a\u001b[31m' } }
    assert.doesNotMatch(renderSummary(hostile), /[\u001b\u0007]/)
  })
})
