import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type RunState,
  runWithoutVerdict,
  type SuiteRun,
  summarizeRuns,
  verdictOf,
  worstOf,
} from '../../../src/drill/suite/suite-result.ts'
import { renderSuiteTable } from '../../../src/drill/suite/suite-table.ts'

const DRILL = { name: 'kill it', lab: 'embedded', fault: 'kill', repeat: 1, predicted: null }

const FILES = { result: 'result.json', report: 'report.html', junit: 'junit.xml' }

function run(state: RunState, more: Partial<SuiteRun> = {}): SuiteRun {
  return { ...runWithoutVerdict('skipped', '', 1, null), state, reasons: [], ...more }
}

describe('the runs of a drill', () => {
  it('are told by their least, their median and their greatest', () => {
    const outages = [
      { lower: 100, upper: 200 },
      { lower: 9000, upper: 9300 },
      { lower: 150, upper: 260 },
      { lower: 90, upper: 210 },
    ]
    const drill = summarizeRuns(
      DRILL,
      outages.map((outageMs) => run('pass', { outageMs, retryThresholdMs: outageMs.upper })),
    )
    assert.deepEqual(drill.outageMs, {
      lower: { n: 4, min: 90, median: 125, max: 9000 },
      upper: { n: 4, min: 200, median: 235, max: 9300 },
    })
    assert.equal(drill.retryThresholdMs?.max, 9300)
    assert.equal(drill.failoverMs, null)
  })

  it('count only what was observed', () => {
    const drill = summarizeRuns(DRILL, [run('pass', { recoveryMs: 7 }), run('pass'), run('skipped')])
    assert.deepEqual(drill.recoveryMs, { n: 1, min: 7, median: 7, max: 7 })
    assert.deepEqual([drill.counts.pass, drill.counts.skipped], [2, 1])
  })

  it('are as bad as their worst: a violation stays one beside a broken harness', () => {
    assert.equal(worstOf(['pass', 'unknown', 'broken', 'fail']), 'fail')
    assert.equal(worstOf(['pass', 'unknown', 'broken']), 'broken')
    assert.equal(worstOf(['pass', 'skipped']), 'skipped')
    assert.equal(worstOf([]), 'skipped')
  })
})

describe('the verdict of a suite', () => {
  const verdict = (...states: RunState[]): string =>
    verdictOf([
      summarizeRuns(
        DRILL,
        states.map((state) => run(state)),
      ),
    ])

  it('is a pass only when something passed and nothing else is open', () => {
    assert.equal(verdict('pass', 'pass'), 'pass')
    assert.equal(verdict('pass', 'skipped'), 'pass')
    assert.equal(verdict('pass', 'broken'), 'unknown')
    assert.equal(verdict('pass', 'interrupted'), 'unknown')
    assert.equal(verdict('unknown', 'fail'), 'fail')
  })

  it('is no pass while runs of the plan have not been made', () => {
    const drills = [summarizeRuns({ ...DRILL, repeat: 3 }, [run('pass'), run('pass')])]
    assert.equal(verdictOf(drills), 'unknown')
    assert.equal(verdictOf([...drills, summarizeRuns(DRILL, [run('fail')])]), 'fail')
  })

  it('is never a pass when everything was skipped, or nothing was run', () => {
    assert.equal(verdict('skipped', 'skipped'), 'unknown')
    assert.equal(verdict(), 'unknown')
  })
})

describe('the table of a suite', () => {
  const predicted = { lowerMs: 0, upperMs: 250, because: 'the lock is polled every 100 ms' }
  const drills = [
    summarizeRuns({ ...DRILL, predicted }, [
      run('pass', { outageMs: { lower: 100, upper: 200 }, takenOverBy: 'b', failoverMs: 190, jobs: jobs(0) }),
      run('fail', {
        outageMs: { lower: 300, upper: 400 },
        jobs: jobs(2),
        reasons: ['2 of 90 confirmed jobs were never delivered.'],
        signs: ['dual-master'],
      }),
    ]),
    summarizeRuns({ ...DRILL, name: 'partition' }, [run('skipped', { reasons: ['no network namespaces here'] })]),
  ]
  const text = renderSuiteTable({ verdict: 'fail', drills, files: FILES }, { folder: 'drills/x', width: 100 })

  it('says how many runs passed, the outage beside the predicted one, and what was seen', () => {
    assert.match(text, /^FAIL · 2 drills, 3 runs: 1 pass, 1 skipped, 1 fail\n/)
    assert.match(text, /^kill it +2 +1 +1 +· +· +300 ms +100 ms +400 ms +0 ms to 250 ms$/m)
    assert.match(text, /takeover in 1 of 2 · 2 lost, 0 failed · failover 190 ms · dual-master in 1/)
    assert.match(text, /^report {2}drills.x.report\.html$/m)
    assert.match(text, /fail: 2 of 90 confirmed jobs were never delivered\./)
  })

  it('tells a skipped drill with its reason, and with no figure', () => {
    assert.match(text, /^partition +1 +· +· +· +1 +– +– +– +–\n +skipped: no network namespaces here$/m)
  })
})

function jobs(lost: number): NonNullable<SuiteRun['jobs']> {
  return { attempted: 100, acknowledged: 90, failed: 0, lost }
}
