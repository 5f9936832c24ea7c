import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { progressText } from '../../../src/cli/threshold/text.ts'
import { claimOf, sayPercent } from '../../../src/drill/threshold/claim.ts'
import { methodFor } from '../../../src/drill/threshold/method.ts'
import { outcomesOf } from '../../../src/drill/threshold/trial-record.ts'
import { runsLeft } from '../../../src/drill/threshold/cost.ts'
import { meaningWords, measuredWords, verificationWords } from '../../../src/drill/threshold/words.ts'
import { direct, run, writtenSearch } from './written-search.ts'

const HUNG = { down: [], outageMs: null }

describe('the words of a search', () => {
  it('say for which producer the claim holds: how long its dials and confirms may take', () => {
    const search = writtenSearch([0, 1, 2, 3, 4].map((index) => direct(index, 190)))
    assert.match(meaningWords(search)[0] ?? '', /waits 200 ms .* Each dial and each confirm of it may take 3 s\.$/)
    assert.match(
      meaningWords(search)[1] ?? '',
      /^That rests on 5 measured outages \(n\), by a method that is right in 95 % of such searches\.$/,
    )
  })

  it('never say that all is sure, or that no share is left, where a little is', () => {
    assert.equal(sayPercent(0.9999), '99.99 %')
    assert.equal(sayPercent(0.99995), '99.995 %')
    assert.equal(sayPercent(0.9985), '99.85 %')
    assert.equal(sayPercent(0.00001), '0.001 %')
    assert.deepEqual(
      [0, 0.0981, 0.5, 0.657, 0.9, 0.95, 1].map(sayPercent).join(),
      '0 %,9.81 %,50 %,65.7 %,90 %,95 %,100 %',
    )
  })

  it('claim no threshold for a share of none', () => {
    const method = methodFor({ pass: 0.9, confidence: 0.999, gridMs: 100, capMs: 60_000 })
    const claim = claimOf(method, outcomesOf([direct(0, 190)]))
    assert.deepEqual([claim.text, claim.thresholdMs], ['nothing was earned', null])
    assert.deepEqual(meaningWords(writtenSearch([direct(0, 190)], { method, claim })), [])
  })

  it('tell of jobs that hung where a threshold of 0 does not', () => {
    const silent = (index: number, lower: number) =>
      direct(index, 0, { ...HUNG, silentMs: { lower, upper: lower + 20 } })
    const [, hung] = measuredWords(writtenSearch([silent(0, 700), silent(1, 30), silent(2, 1400), direct(3, 200)]))
    assert.match(hung ?? '', /^in 2 of 4 no attempt failed, and jobs hung for up to 1\.4 s:/)
    assert.equal(measuredWords(writtenSearch([direct(0, 200), silent(1, 30)])).length, 1)
  })

  it('tell the measured pauses without the letters of statistics', () => {
    const five = [0, 1, 2, 3].map((index) => direct(index, 100 * (index + 1)))
    const [measured] = measuredWords(writtenSearch([...five, direct(4, null)]))
    assert.match(
      measured ?? '',
      /^pauses that were just enough in 4 outages: 100 ms to 400 ms, median .*; .* was enough in 50 % of all; for 1 more no pause is known to be enough$/,
    )
  })

  it('tell of each run what its own outage says: the pause that would do, and none beside one that held', () => {
    const search = writtenSearch([])
    assert.match(
      progressText(direct(0, 190), search, 1),
      /^outage 1 of 5: no service for up to \S+ m?s; a pause of 190 ms would have been enough/,
    )
    const held = { ...run(1, 0, 300), thresholdMs: 301 }
    assert.match(progressText(held, search, 1), /^run 1 of 5 at 300 ms: no service for .*; held: no job failed( \(|$)/)
    assert.doesNotMatch(progressText(held, search, 1), /301/)
    assert.match(progressText(run(1, 0, 300, 3), search, 1), /; 3 of 200 jobs failed; a pause of 9\.5 s would/)
  })

  it('claim no bound for a fixed number of runs where the runs ended by what they showed', () => {
    const runs = Array.from({ length: 10 }, (_, index) => run(1, index, 4000, 0, 'verify'))
    const verify = { atMs: 4000, runs: 29, early: true }
    const early = verificationWords(writtenSearch(runs, { verify }))
    assert.match(early, /^10 of 10 fresh runs held at 4 s: go: .* 5 % .* against 25 % \(wrong once in 10\)$/)
    assert.match(verificationWords(writtenSearch(runs.slice(1), { verify })), /undecided between/)
    const whole = verificationWords(writtenSearch(runs, { verify: { ...verify, early: false } }))
    assert.match(whole, /a job fails in at most 25\.9 % of such faults \(each bound 95 %\)$/)
  })

  it('tell what is left to do also once a candidate was raised: its runs begin anew', () => {
    const five = [0, 1, 2, 3, 4].map((index) => direct(index, 190))
    const raised = writtenSearch([...five, run(1, 0, 200), run(1, 1, 200, 3), run(2, 0, 9500)])
    assert.equal(runsLeft(raised), 4)
    assert.equal(runsLeft(writtenSearch(five.slice(0, 2))), 3 + 5)
    assert.equal(
      runsLeft(writtenSearch([run(1, 0, 200, 0, 'verify')], { verify: { atMs: 200, runs: 3, early: false } })),
      2,
    )
  })

  it('tell why a run in which no job failed does not count as held', () => {
    const search = writtenSearch([])
    const held = run(1, 0, 4000)
    assert.ok(held.article)
    const stalled = { ...held, stalledMs: 1200, article: { ...held.article, held: false } }
    assert.match(progressText(stalled, search, 1), /no job failed, but this process itself stood still for 1\.2 s/)
  })
})
