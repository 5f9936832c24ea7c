import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderSuitePage } from '../../../../src/drill/report/suite/suite-page.ts'
import { pageText } from '../page-text.ts'
import { drillOf, judgedRun, SKIPPED, suiteOf } from './written-suite.ts'

const predicted = { lowerMs: 0, upperMs: 400, because: 'the lock is polled every 100 ms' }
const KILL = drillOf('a kill', [judgedRun(150), judgedRun(310, { folder: '01-kill/run-02' })], { predicted })

describe('the page of a suite', () => {
  it('says the verdict first, then how many runs passed and the longest outage', () => {
    const text = pageText(renderSuitePage(suiteOf([KILL])))
    assert.match(text, /PASS 1 drill, 2 runs: 2 pass No objective was violated\. Passed 2 of 2 runs Lost 0 of 600/)
    assert.match(text, /Longest outage 310 ms at most, in a kill Retry threshold 295 ms/)
    assert.match(text, /a kill pass all 2 .*230 ms 310 ms 0 ms to 400 ms 295 ms/)
  })

  it('leads from every run that was judged to its own report, and from no other', () => {
    const broken = { ...SKIPPED, state: 'broken' as const, folder: '02-x/run-01' }
    const evil = judgedRun(9, { folder: 'javascript:alert(1)' })
    const page = renderSuitePage(suiteOf([KILL, drillOf('another', [SKIPPED, broken, evil])]))
    assert.deepEqual(
      [...page.matchAll(/href="([^"#]*report\.html)"/g)].map(([, path]) => path),
      ['01-kill/run-01/report.html', '01-kill/run-02/report.html'],
    )
    assert.doesNotMatch(page, /href="javascript/)
  })

  it('draws the distribution of a drill that measured at least two outages, with what was predicted', () => {
    const page = renderSuitePage(suiteOf([KILL, drillOf('once', [judgedRun(90)])]))
    assert.equal(page.match(/Distribution of the outage W, by its upper bound over 2 runs:/g)?.length, 1)
    assert.match(page, /predicted at most 400 ms/)
    assert.match(page, /<title>run 2, phase 120 ms, seed 7<\/title>/)
  })

  it('tells a violation with its reason, and where nobody knows what was lost', () => {
    const bad = judgedRun(9000, {
      state: 'fail',
      reasons: ['2 of 300 confirmed jobs were never delivered.'],
      jobs: { attempted: 300, acknowledged: 300, failed: 1, lost: 2 },
    })
    const doubtful = judgedRun(90, {
      state: 'unknown',
      reasons: ['the drain failed'],
      jobs: { attempted: 10, acknowledged: 10, failed: 0, lost: null },
    })
    const text = pageText(renderSuitePage(suiteOf([drillOf('losing', [bad, doubtful])])))
    assert.match(text, /FAIL 1 drill, 2 runs: 1 unknown, 1 fail An objective was violated in losing\./)
    assert.match(text, /Without a verdict on some run: losing\./)
    assert.match(text, /Lost 2 at least of 310/)
    assert.match(text, /fail: 2 of 300 confirmed jobs were never delivered\./)
  })

  it('is no pass before its end, and says how much of the plan is left', () => {
    const half = drillOf('half', [judgedRun(90)], { repeat: 3 })
    const text = pageText(renderSuitePage(suiteOf([half, drillOf('none', [], { repeat: 2 })])))
    assert.match(text, /UNKNOWN 2 drills, 1 of 5 runs: 1 pass/)
    assert.match(text, /4 runs of the plan have not been made\./)
    assert.match(text, /none not run/)
    assert.match(text, /It has not been run\./)
  })

  it('has no figure where nothing was measured', () => {
    const page = renderSuitePage(suiteOf([drillOf('skipped', [SKIPPED])]))
    assert.match(pageText(page), /No run came to a verdict, so nothing is known of the brokers\./)
    assert.doesNotMatch(page, /NaN|Infinity|undefined|Distribution of/)
  })

  it('runs no script, asks nobody for anything, and escapes what came from the runs', () => {
    const evil = '<script>alert(1)</script>'
    const runs = [judgedRun(5, { reasons: [evil], takenOverBy: evil, signs: [evil] }), judgedRun(7)]
    const page = renderSuitePage(suiteOf([drillOf(evil, runs, { lab: evil })], { plan: evil, command: evil }))
    assert.doesNotMatch(page, /<script|src=|https?:\/\/(?!www\.w3\.org)/)
    assert.match(page, /default-src &#39;none&#39;/)
  })
})
