import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { stepKey } from '../../../src/drill/threshold/method.ts'
import { decidedEarly, openSteps, RunningSearch } from '../../../src/drill/threshold/search.ts'
import { readSearch, writeSearch } from '../../../src/drill/threshold/search-file.ts'
import { trialSeed } from '../../../src/drill/threshold/trial-seed.ts'
import { onScriptedBench } from '../../support/scripted-outages.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { direct, run, writtenSearch } from './written-search.ts'

const FIVE = [210, 180, 9140, 200, 190].map((ms, index) => direct(index, ms))

describe('a search as a file', () => {
  it('comes back as it was written, and leaves no other file', (context) => {
    const folder = temporaryFolder('search', context)
    const search = writtenSearch([...FIVE, run(1, 0, 9200, 3)])
    writeSearch(folder, search)
    assert.deepEqual(readSearch(folder), search)
    assert.deepEqual(readdirSync(folder), ['threshold.json'])
  })

  it('is refused where what the method rests on is missing or of another kind', (context) => {
    const folder = temporaryFolder('search', context)
    const { claim: _, ...search } = writtenSearch(FIVE)
    const wrong: readonly object[] = [
      { ...search, schema: 2 },
      { ...search, method: { ...search.method, pass: '0.9' } },
      { ...search, trials: [{ ...FIVE[0], thresholdMs: 'long' }] },
      { ...search, trials: [{ ...FIVE[0], down: [{ fromMs: 0 }] }] },
      { ...search, trials: [{ ...FIVE[0], kind: 'other' }] },
    ]
    for (const one of wrong) {
      writeFileSync(join(folder, 'threshold.json'), JSON.stringify(one))
      assert.throws(() => readSearch(folder), { code: 'invalid-option', message: /is not a threshold search/ })
    }
  })
})

describe('what a search has left to do', () => {
  it('is the same after an interruption as without one', () => {
    const open = openSteps(writtenSearch(FIVE.slice(0, 2)))
    assert.deepEqual(open.map(stepKey), ['direct-003', 'direct-004', 'direct-005'])
    assert.deepEqual(
      openSteps(writtenSearch([...FIVE, run(1, 0, 9200)]))
        .map(stepKey)
        .slice(0, 2),
      ['confirm-1-002', 'confirm-1-003'],
    )
  })

  it('is every fresh run of a verification, at the threshold that was given', () => {
    const verify = { atMs: 4000, runs: 3, early: false }
    const steps = openSteps(writtenSearch([run(1, 1, 4000, 5, 'verify')], { verify }))
    assert.deepEqual(steps, [
      { kind: 'confirm', stage: 1, index: 0, atMs: 4000 },
      { kind: 'confirm', stage: 1, index: 2, atMs: 4000 },
    ])
  })

  it('is nothing once the sequential test has said go, where that is enough', () => {
    const ten = Array.from({ length: 10 }, (_, index) => run(1, index, 4000, 0, 'verify'))
    const verify = { atMs: 4000, runs: 29, early: true }
    assert.equal(openSteps(writtenSearch(ten, { verify })).length, 0)
    assert.equal(openSteps(writtenSearch(ten.slice(1), { verify })).length, 20)
    assert.equal(openSteps(writtenSearch(ten, { verify: { ...verify, early: false } })).length, 19)
  })

  it('is decided by the runs in the order of their numbers, whichever ended first', () => {
    const failed = [run(1, 0, 4000, 2, 'verify'), run(1, 1, 4000, 1, 'verify')]
    assert.equal(decidedEarly(failed), 'no-go')
    assert.equal(decidedEarly(failed.toReversed()), 'no-go')
    assert.equal(decidedEarly(failed.slice(1)), 'undecided')
  })
})

describe('a search on labs side by side', () => {
  it('adds up how long all of them were at it, also where two trials end at once', async (context) => {
    const running = new RunningSearch(
      writtenSearch([], { spentMs: 0 }),
      temporaryFolder('search', context),
      () => undefined,
    )
    const script = { everyMs: 20, redialMs: 5, seed: 5, downs: [{ fromMs: 0, untilMs: 400 }] }
    // The same one twice, so that both end in the same moment.
    const make = (): Promise<void> =>
      onScriptedBench(script, (bench) => running.run({ kind: 'direct', index: 0 }, bench, new AbortController().signal))
    await Promise.all([make(), make()])
    const { trials, spentMs } = running.search
    assert.equal(trials.length, 2)
    assert.equal(
      spentMs,
      trials.reduce((sum, { tookMs }) => sum + tookMs, 0),
    )
  })
})

describe('the seed of a trial', () => {
  it('is the same for the same search and trial, and another for any other', () => {
    assert.equal(trialSeed(7, 'direct-001', 0), trialSeed(7, 'direct-001', 0))
    const seeds = [
      trialSeed(7, 'direct-001', 0),
      trialSeed(8, 'direct-001', 0),
      trialSeed(7, 'direct-002', 0),
      trialSeed(7, 'direct-001', 1),
      trialSeed(7, 'confirm-1-001', 0),
    ]
    assert.equal(new Set(seeds).size, seeds.length)
    assert(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
  })
})
