import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Row } from '../../../../src/drill/report/compare/comparison.ts'
import { renderSuiteComparison } from '../../../../src/drill/report/compare/compare-text.ts'
import { samplesDiffer } from '../../../../src/drill/report/compare/rank-test.ts'
import { parseStored } from '../../../../src/drill/report/compare/stored-result.ts'
import { compareSuites, type SuiteComparison } from '../../../../src/drill/report/compare/suite-comparison.ts'
import { renderSuiteComparisonPage } from '../../../../src/drill/report/compare/suite-compare-page.ts'
import { textWidth } from '../../../../src/text-width.ts'
import { pageText } from '../page-text.ts'
import { drillOf, judgedRun, SKIPPED, suiteOf } from '../suite/written-suite.ts'

const runs = (...outages: readonly number[]): ReturnType<typeof judgedRun>[] => outages.map((ms) => judgedRun(ms))
const QUICK = suiteOf([drillOf('a kill', runs(200, 210, 190, 230, 205))])
const SLOW = suiteOf([drillOf('a kill', runs(900, 950, 880, 11_020, 910))], { startedAt: '2026-11-22T13:00:37.000Z' })

function row({ drills }: SuiteComparison, name: string): Row {
  const found = drills.flatMap(({ rows }) => rows).find((one) => one.name === name)
  assert.ok(found, name)
  return found
}

describe('two suites compared', () => {
  it('differ in a duration when their runs can be told apart, in words and both ways', () => {
    const forth = compareSuites(QUICK, SLOW)
    assert.equal(row(forth, 'outage').standing, 'worse')
    assert.equal(row(forth, 'outage').difference, '705 ms longer')
    assert.equal(row(forth, 'outage').a, '205 ms (190–230 ms)')
    assert.match(
      forth.summary,
      /^1 drill in both\. B is worse in outage of a kill \(705 ms longer\), failover time of a kill \(.* longer\)/,
    )
    assert.equal(row(compareSuites(SLOW, QUICK), 'outage').standing, 'better')
  })

  it('do not differ by one run that met a bad moment, nor by a few runs alone', () => {
    const unlucky = suiteOf([drillOf('a kill', runs(200, 210, 190, 9300, 205))])
    assert.equal(row(compareSuites(QUICK, unlucky), 'outage').standing, 'same')
    const few = suiteOf([drillOf('a kill', runs(900, 950, 880))])
    assert.deepEqual(
      [row(compareSuites(QUICK, few), 'outage').standing, row(compareSuites(QUICK, few), 'outage').difference],
      ['other', 'too few runs to tell'],
    )
  })

  it('count a run whose service never came back as longer than any other, and not as none', () => {
    const never = judgedRun(0, { state: 'fail', outageMs: null, failoverMs: null, retryThresholdMs: null })
    const broken = suiteOf([drillOf('a kill', [...runs(190, 195, 200, 205), never, never, never, never])])
    const compared = compareSuites(SLOW, broken)
    for (const name of ['outage', 'retry threshold']) assert.notEqual(row(compared, name).standing, 'better', name)
    assert.equal(row(compared, 'outage').b, '198 ms (190–205 ms), 4 not seen')
    const worse = row(compareSuites(QUICK, suiteOf([drillOf('a kill', [never, never, never, never])])), 'outage')
    assert.deepEqual([worse.standing, worse.b], ['worse', 'not seen'])
    assert.equal(worse.difference, 'not seen to its end in most runs of B')
  })

  it('tell a loss, a verdict that changed and a sign that one alone showed', () => {
    const bad = judgedRun(200, {
      state: 'fail',
      reasons: ['lost'],
      jobs: { attempted: 300, acknowledged: 300, failed: 0, lost: 2 },
      signs: ['refusal', 'dual-master'],
    })
    const comparison = compareSuites(QUICK, suiteOf([drillOf('a kill', [bad, ...runs(210, 190, 230, 205)])]))
    assert.deepEqual([row(comparison, 'verdicts').standing, row(comparison, 'verdicts').b], ['worse', '4 pass, 1 fail'])
    assert.deepEqual(
      [row(comparison, 'lost jobs').standing, row(comparison, 'lost jobs').difference],
      ['worse', '2 more'],
    )
    assert.deepEqual([row(comparison, 'dual-master').a, row(comparison, 'dual-master').b], ['in 0 of 5', 'in 1 of 5'])
  })

  it('call nothing better or worse where runs were skipped, or what was lost is unknown', () => {
    const skipped = compareSuites(QUICK, suiteOf([drillOf('a kill', [SKIPPED])]))
    assert.equal(row(skipped, 'verdicts').standing, 'other')
    assert.equal(row(skipped, 'lost jobs').b, 'unknown')
    assert.equal(row(skipped, 'outage').difference, 'only one of them was observed')
  })

  it('are matched by the names of their drills, and the others are named', () => {
    const { drills, circumstances, summary } = compareSuites(QUICK, suiteOf([drillOf('a pause', runs(1, 2))]))
    assert.deepEqual(drills, [])
    assert.match(summary, /no drill of the same name/)
    assert.deepEqual(
      circumstances.map(({ a, b }) => [a, b]),
      [['a kill', 'a pause']],
    )
  })
})

describe('the rank test', () => {
  it('agrees with the exact one where that is known', () => {
    // Exact two-sided p: 4 against 4 without overlap 0.029, 3 against 3 0.1, 5 against 5 with U = 2 0.032, U = 3 0.056.
    assert.equal(samplesDiffer([1, 2, 3, 4], [5, 6, 7, 8]), true)
    assert.equal(samplesDiffer([1, 2, 3], [5, 6, 7]), false)
    assert.equal(samplesDiffer([1, 2, 3, 4, 8], [5, 7, 9, 10, 11]), true)
    assert.equal(samplesDiffer([1, 2, 3, 7, 8], [5, 6, 9, 10, 11]), false)
  })

  it('finds no difference between equal samples, nor with an empty one', () => {
    assert.equal(samplesDiffer([5, 5, 5, 5, 5], [5, 5, 5, 5, 5]), false)
    assert.equal(samplesDiffer([], [1, 2, 3, 4]), false)
  })
})

describe('two suites in a terminal and as a page', () => {
  it('have a table for each drill, which keeps to the width', () => {
    const text = renderSuiteComparison(compareSuites(QUICK, SLOW), { a: 'one', b: 'two' }, { width: 96 })
    assert.match(text, /^a kill\n/m)
    assert.match(text, /^verdicts +5 pass +5 pass +=/m)
    assert.match(text, /^outage +205 ms .* - worse: 705 ms longer/m)
    assert.doesNotMatch(text, /…/)
    const tooWide = text.split('\n').filter((line) => textWidth(line) > 96)
    assert.deepEqual(tooWide, [])
  })

  it('escape whatever came from the runs, and need no script', () => {
    const evil = '<script>alert(1)</script>'
    const suite = suiteOf([drillOf(evil, runs(1, 2))], { plan: evil, command: evil, versions: { [evil]: evil } })
    const page = renderSuiteComparisonPage(
      compareSuites(suite, QUICK),
      { name: evil, suite },
      { name: 'b', suite: QUICK },
    )
    assert.doesNotMatch(page, /<script|src=/)
    const compared = renderSuiteComparisonPage(
      compareSuites(QUICK, SLOW),
      { name: 'old', suite: QUICK },
      { name: 'new', suite: SLOW },
    )
    assert.match(pageText(compared), /outage 205 ms \(190–230 ms\) 910 ms .* worse: 705 ms longer/)
  })
})

describe('the stored result of a suite', () => {
  it('is read back as it was written, and refused with the field that is wrong', () => {
    assert.deepEqual(parseStored(JSON.stringify(QUICK)), { kind: 'suite', suite: QUICK })
    const broken = { ...QUICK, drills: [{ name: 'x' }] }
    assert.deepEqual(parseStored(JSON.stringify(broken)), { kind: 'wrong', wrong: 'has no proper field drills' })
  })
})
