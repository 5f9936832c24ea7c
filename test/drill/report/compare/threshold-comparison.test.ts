import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Row } from '../../../../src/drill/report/compare/comparison.ts'
import { renderThresholdComparison } from '../../../../src/drill/report/compare/compare-text.ts'
import { parseStoredThreshold } from '../../../../src/drill/report/compare/stored-threshold.ts'
import { renderThresholdComparisonPage } from '../../../../src/drill/report/compare/threshold-compare-page.ts'
import { compareThresholds } from '../../../../src/drill/report/compare/threshold-comparison.ts'
import type { Search } from '../../../../src/drill/threshold/search-file.ts'
import { textWidth } from '../../../../src/text-width.ts'
import { pageText } from '../page-text.ts'
import { direct, run, writtenSearch } from '../../threshold/written-search.ts'

function search(thresholds: readonly (number | null)[], more: Partial<Search> = {}): Search {
  return writtenSearch(
    thresholds.map((ms, index) => direct(index, ms)),
    more,
  )
}

const SLOW = search([4210, 4180, 4140, 4200, 4190])
const QUICK = search([210, 180, 240, 200, 190], { seed: 8 })

function rowOf(a: Search, b: Search, name: string): Row {
  const row = compareThresholds(a, b).rows.find((one) => one.name === name)
  assert.ok(row, `no row ${name}`)
  return row
}

describe('two retry thresholds', () => {
  it('differ in their pauses and outages where a rank test tells them apart', () => {
    const { standing, difference, a, b } = rowOf(SLOW, QUICK, 'pause just enough')
    assert.deepEqual([standing, difference], ['better', '3.99 s shorter'])
    assert.deepEqual([a, b], ['4.19 s (4.14–4.21 s)', '200 ms (180–240 ms)'])
    assert.equal(rowOf(QUICK, SLOW, 'outage').standing, 'worse')
    assert.equal(rowOf(QUICK, QUICK, 'outage').standing, 'same')
  })

  it('never call a shorter claim better by itself, as it is a bound of what few runs may say', () => {
    const unlucky = search([210, 180, 9140, 200, 190])
    const { standing, difference } = rowOf(unlucky, QUICK, 'claim')
    assert.deepEqual([standing, difference], ['other', '8.90 s shorter'])
    assert.equal(rowOf(unlucky, QUICK, 'pause just enough').standing, 'same')
    assert.match(compareThresholds(unlucky, QUICK).summary, /8\.90 s shorter\. What was measured shows no clear/)
  })

  it('count an outage that was not seen to its end as longer than any other', () => {
    const unseen = search([210, null, null, null, null])
    const { standing, b } = rowOf(QUICK, unseen, 'pause just enough')
    assert.deepEqual([standing, b], ['worse', '210 ms, 4 not seen'])
    assert.equal(rowOf(unseen, QUICK, 'pause just enough').standing, 'better')
    assert.equal(rowOf(unseen, unseen, 'pause just enough').standing, 'same')
  })

  it('have answers that are better or worse only to the same question', () => {
    const verified = (runs: number, atMs: number): Search =>
      writtenSearch(
        Array.from({ length: runs }, (_, index) => run(1, index, atMs, 0, 'verify')),
        { verify: { atMs, runs, early: false } },
      )
    assert.equal(rowOf(verified(2, 4000), verified(5, 4000), 'answer').standing, 'better')
    assert.equal(rowOf(verified(5, 4000), verified(2, 4000), 'answer').standing, 'worse')
    assert.equal(rowOf(verified(2, 4000), verified(5, 9000), 'answer').standing, 'other')
    assert.match(compareThresholds(QUICK, verified(5, 4000)).cautions.join(), /answers are to two questions/)
  })

  it('say of what a claim is short, which policies fared how, and what was asked differently', () => {
    const fate = { schedule: 'retries=1,delay=4s', spanMs: 4000, outages: 5, failed: 1, failureAtMost: 0.657 }
    const a = search([210, 180], { schedules: [fate] })
    const b = search([210, 180, 240, 200, 190], { lab: 'other', schedules: [{ ...fate, failed: 0 }] })
    const { cautions, circumstances } = compareThresholds(a, b)
    assert.match(cautions.join('\n'), /^A is short of what was wanted: 2 measured outages earn p = 0\.22/m)
    assert.match(cautions.join('\n'), /^The labs differ: embedded and other\.$/m)
    assert.deepEqual(
      circumstances.map(({ name }) => name),
      ['lab'],
    )
    assert.deepEqual(rowOf(a, b, 'retries=1,delay=4s').b, 'fails in 0 of 5')
  })
})

describe('two retry thresholds in a terminal and as a page', () => {
  it('keep to the width', () => {
    const text = renderThresholdComparison(compareThresholds(SLOW, QUICK), { a: 'one', b: 'two' }, { width: 96 })
    assert.match(text, /^pause just enough .* \+ better: 3\.99 s shorter$/m)
    assert.match(text, /^seed +7 +8$/m)
    const tooWide = text.split('\n').filter((line) => textWidth(line) > 96)
    assert.deepEqual(tooWide, [])
  })

  it('draw their distributions on one scale, escape whatever came from the runs, and need no script', () => {
    const evil = '<script>alert(1)</script>'
    const odd = search([210, null], { lab: evil, command: evil, versions: { [evil]: evil }, target: null })
    const page = renderThresholdComparisonPage(
      compareThresholds(SLOW, odd),
      { name: 'old', search: SLOW },
      { name: evil, search: odd },
    )
    assert.doesNotMatch(page, /<script|src=|NaN|Infinity|undefined/)
    assert.match(pageText(page), /NOT ALL THAT WAS WANTED · R0\.5 <= 4\.3 s \(95 %, n=5\)/)
    const axes = [...page.matchAll(/Distribution of [^]*?<\/figure>/g)].map(([plot]) => /4\.00 s/.test(plot))
    assert.deepEqual(axes, [true, true, true, true])
  })
})

describe('the stored search', () => {
  it('is read back as it was written, and refused with the field that is wrong', () => {
    assert.deepEqual(parseStoredThreshold(JSON.stringify(QUICK)), { search: QUICK })
    assert.deepEqual(parseStoredThreshold(JSON.stringify({ ...QUICK, claim: {} })), {
      wrong: 'has no proper field claim',
    })
    const [first, ...others] = QUICK.trials
    const trials = [{ ...first, outageMs: 'long' }, ...others]
    assert.deepEqual(parseStoredThreshold(JSON.stringify({ ...QUICK, trials })), {
      wrong: 'has no proper field trials',
    })
    assert.match((parseStoredThreshold('{}') as { wrong: string }).wrong, /^is not a threshold search/)
  })
})
