import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../../src/clock.ts'
import { claimOf } from '../../../src/drill/threshold/claim.ts'
import {
  type ConfirmOutcome,
  type DirectOutcome,
  type Method,
  methodFor,
  standing,
  type Step,
  stepKey,
} from '../../../src/drill/threshold/method.ts'
import { trialSeed } from '../../../src/drill/threshold/trial-seed.ts'

const METHOD = methodFor({ pass: 0.5, confidence: 0.95, gridMs: 100, capMs: 60_000 })

function measured(...thresholds: readonly (number | null)[]): DirectOutcome[] {
  return thresholds.map((thresholdMs, index) => ({ index, thresholdMs }))
}

function runs(stage: number, ...held: readonly (true | number | null)[]): ConfirmOutcome[] {
  return held.map((outcome, index) => ({
    stage,
    index,
    held: outcome === true,
    thresholdMs: outcome === true ? 10 : outcome,
  }))
}

const FIVE = measured(210, 180, 9140, 200, 190)

describe('the direct phase', () => {
  it('measures as many outages as p and the confidence need, unless told how many', () => {
    assert.equal(methodFor({ pass: 0.9, confidence: 0.95, gridMs: 100, capMs: 1 }).directTrials, 29)
    assert.equal(METHOD.directTrials, 5)
    assert.equal(methodFor({ ...METHOD, directTrials: 8 }).directTrials, 8)
  })

  it('opens every outage that is not measured, the first one first', () => {
    const { phase, open } = standing(METHOD, { direct: [{ index: 1, thresholdMs: 5 }], confirm: [] })
    assert.equal(phase, 'direct')
    assert.deepEqual(open.map(stepKey), ['direct-001', 'direct-003', 'direct-004', 'direct-005'])
  })

  it('ends with the bound, rounded up to the grid, as the first candidate', () => {
    const { phase, boundMs, candidateMs, stage, open } = standing(METHOD, { direct: FIVE, confirm: [] })
    assert.deepEqual(
      { phase, boundMs, candidateMs, stage },
      {
        phase: 'confirm',
        boundMs: 9140,
        candidateMs: 9200,
        stage: 1,
      },
    )
    assert.deepEqual(open[0], { kind: 'confirm', stage: 1, index: 0, atMs: 9200 })
    assert.equal(open.length, 5)
  })

  it('is censored when the bound is more than the cap, and not when only a value beyond the bound is', () => {
    assert.equal(standing(METHOD, { direct: measured(1, 2, null, 4, 5), confirm: [] }).phase, 'censored')
    assert.equal(standing(METHOD, { direct: measured(1, 2, 60_001, 4, 5), confirm: [] }).phase, 'censored')
    const more = { ...METHOD, directTrials: 8 }
    const { candidateMs } = standing(more, { direct: measured(1, 2, null, 4, 150, 6, 7, 8), confirm: [] })
    assert.equal(candidateMs, 200)
  })

  it('does not care in which order the outages came', () => {
    assert.deepEqual(
      standing(METHOD, { direct: FIVE.toReversed(), confirm: [] }),
      standing(METHOD, { direct: FIVE, confirm: [] }),
    )
  })
})

describe('the confirm phase', () => {
  it('ends when as many runs as are needed have held', () => {
    const { phase, held, candidateMs } = standing(METHOD, {
      direct: FIVE,
      confirm: runs(1, true, true, true, true, true),
    })
    assert.deepEqual({ phase, held, candidateMs }, { phase: 'confirmed', held: 5, candidateMs: 9200 })
  })

  it('raises the candidate to the threshold of a run that failed, and starts again', () => {
    const { stage, candidateMs, held, open } = standing(METHOD, { direct: FIVE, confirm: runs(1, true, true, 9730) })
    assert.deepEqual({ stage, candidateMs, held }, { stage: 2, candidateMs: 9800, held: 0 })
    assert.deepEqual(open[0], { kind: 'confirm', stage: 2, index: 0, atMs: 9800 })
  })

  it('raises it by a step of the grid when the run that failed says less: attempts that hang are not in the replay', () => {
    assert.equal(standing(METHOD, { direct: FIVE, confirm: runs(1, 300) }).candidateMs, 9300)
  })

  it('is censored when a run that failed needs more than the cap', () => {
    assert.equal(standing(METHOD, { direct: FIVE, confirm: runs(1, true, null) }).phase, 'censored')
  })

  it('counts by number: a failure ends the stage once all before it are known, and what ran beyond it does not count', () => {
    const failedAt3 = { stage: 1, index: 3, held: false, thresholdMs: 12_000 }
    const open = standing(METHOD, { direct: FIVE, confirm: [failedAt3, ...runs(1, true)] })
    assert.deepEqual(open.open.map(stepKey), ['confirm-1-002', 'confirm-1-003'])
    assert.equal(open.stage, 1)
    const earlier = [failedAt3, ...runs(1, true, 9400, true)]
    assert.equal(standing(METHOD, { direct: FIVE, confirm: earlier }).candidateMs, 9400)
    const later = [failedAt3, ...runs(1, true, true, true)]
    assert.equal(standing(METHOD, { direct: FIVE, confirm: later }).candidateMs, 12_000)
  })
})

describe('the claim', () => {
  it('is what was asked for once every run has held', () => {
    const claim = claimOf(METHOD, { direct: FIVE, confirm: runs(1, true, true, true, true, true) })
    assert.equal(claim.text, 'R0.5 <= 9.2 s (95 %, n=5)')
    assert.equal(claim.asWanted, true)
    assert.equal(claim.confirmed?.held, 5)
    assert.equal(claim.raised, 0)
  })

  it('says 9.8 % after 29 clean runs', () => {
    const method = methodFor({ ...METHOD, pass: 0.9, directTrials: 29, confirmRuns: 29 })
    const direct = measured(...Array.from({ length: 29 }, (_, index) => 100 + index))
    const confirm = runs(1, ...Array.from({ length: 29 }, () => true as const))
    const claim = claimOf(method, { direct, confirm })
    assert.equal(claim.text, 'R0.9 <= 200 ms (95 %, n=29)')
    assert.equal(claim.confirmed?.failureAtMost.toFixed(3), '0.098')
  })

  it('is not as wanted while runs are missing, and says how many', () => {
    const claim = claimOf(METHOD, { direct: FIVE, confirm: runs(1, true, true) })
    assert.equal(claim.text, 'R0.5 <= 9.2 s (95 %, n=5)')
    assert.deepEqual(claim.shortOf, ['2 of 5 runs of the one-retry producer were done.'])
    assert.equal(claim.asWanted, false)
  })

  it('is weaker with fewer outages: five earn the median and no more', () => {
    const method = methodFor({ pass: 0.9, confidence: 0.95, gridMs: 100, capMs: 60_000 })
    const claim = claimOf(method, { direct: FIVE, confirm: [] })
    assert.equal(claim.text, 'R0.54 <= 9.2 s (95 %, n=5)')
    assert.deepEqual(claim.shortOf, ['5 measured outages earn p = 0.54, and 0.9 was wanted.'])
  })

  it('rests on the outages before the first gap, as what is done early is the short ones', () => {
    const method = methodFor({ pass: 0.9, confidence: 0.95, gridMs: 100, capMs: 60_000 })
    const direct = FIVE.filter(({ index }) => index !== 2)
    assert.equal(claimOf(method, { direct, confirm: [] }).trials, 2)
  })

  it('says no number when more than the cap cannot be excluded, and nothing when nothing was measured', () => {
    const censored = claimOf(METHOD, { direct: measured(1, 2, 3, null, 4), confirm: [] })
    assert.equal(censored.thresholdMs, null)
    assert.equal(censored.text, 'R0.5: more than 60 s cannot be excluded (n=5)')
    assert.equal(censored.asWanted, false)
    assert.equal(claimOf(METHOD, { direct: [], confirm: [] }).text, 'nothing was earned')
  })

  it('is not as wanted when nothing was to confirm it', () => {
    assert.equal(claimOf({ ...METHOD, confirmRuns: 0 }, { direct: FIVE, confirm: [] }).asWanted, false)
  })
})

/** An outage as it is drawn, and the share of all that last no longer. */
interface Shape {
  readonly name: string
  readonly draw: (random: () => number) => number
  /** The true R_p. */
  readonly quantile: (p: number) => number
}

// Measured on activemq-jdbc: 0.2 s where the standby waits in the database, up to 10 s where it sleeps.
const JDBC: Shape = {
  name: 'most 0.2 s, one in six up to 10 s',
  draw: (random) => (random() < 5 / 6 ? 190 + 60 * random() : 200 + 9800 * random()),
  quantile: (p) => (p <= 5 / 6 ? 250 : 200 + 9800 * ((p - 5 / 6) * 6)),
}
const POLLED: Shape = { name: 'polled', draw: (random) => 4000 + 6000 * random(), quantile: (p) => 4000 + 6000 * p }
// All that matters to the confirmation: every outage is another one, from the shortest to the longest.
const FLAT: Shape = { name: 'spread', draw: (random) => 50_000 * random(), quantile: (p) => 50_000 * p }
const STEADY: Shape = { name: 'always the same', draw: () => 241, quantile: () => 241 }

/** One whole search over outages that are drawn; every run holds when its own outage is no longer than the candidate. */
function search(method: Method, shape: Shape, random: () => number, measure = shape.draw): ReturnType<typeof claimOf> {
  const direct: DirectOutcome[] = []
  const confirm: ConfirmOutcome[] = []
  for (;;) {
    const [step] = standing(method, { direct, confirm }).open
    if (step === undefined) return claimOf(method, { direct, confirm })
    const thresholdMs = shape.draw(random)
    if (step.kind === 'direct') direct.push({ index: step.index, thresholdMs: measure(random) })
    else confirm.push({ stage: step.stage, index: step.index, held: thresholdMs <= step.atMs, thresholdMs })
  }
}

describe('a whole search, simulated', () => {
  for (const shape of [JDBC, POLLED, STEADY]) {
    for (const pass of [0.5, 0.8, 0.9]) {
      it(`claims no less than the true R${pass} in 95 of 100 searches where outages are ${shape.name}`, () => {
        const random = seededRandom(20 + pass * 10)
        const method = methodFor({ pass, confidence: 0.95, gridMs: 100, capMs: 60_000 })
        const searches = 1000
        let covered = 0
        for (let one = 0; one < searches; one++) {
          const claim = search(method, shape, random)
          assert.equal(claim.asWanted, true)
          if ((claim.thresholdMs ?? 0) >= shape.quantile(pass)) covered++
        }
        assert(covered >= 0.95 * searches, `${covered} of ${searches}`)
      })
    }
  }

  it('confirms what holds in 95 of 100 searches however often it began anew, also where nothing was measured right', () => {
    // Outages that only hang give a threshold of 0: the runs of the schedule alone tell, and each failure begins anew.
    for (const shape of [JDBC, POLLED, FLAT]) {
      for (const pass of [0.5, 0.9]) {
        const random = seededRandom(31 + pass * 10)
        const method = methodFor({ pass, confidence: 0.95, gridMs: 100, capMs: 60_000 })
        const searches = 2000
        let covered = 0
        let raised = 0
        for (let one = 0; one < searches; one++) {
          const claim = search(method, shape, random, () => 0)
          raised += claim.raised
          if ((claim.thresholdMs ?? 0) >= shape.quantile(pass)) covered++
        }
        assert(raised > searches, `raised ${raised} times only`)
        assert(covered >= 0.95 * searches, `${covered} of ${searches}: ${shape.name}, R${pass}`)
      }
    }
  })

  it('claims the same whichever of several labs is done first', () => {
    const method = methodFor({ pass: 0.8, confidence: 0.95, gridMs: 100, capMs: 60_000 })
    // What a run meets depends on its name alone.
    const drawn = (step: Step): number => JDBC.draw(seededRandom(trialSeed(7, stepKey(step), 0)))
    const sideBySide = (labs: number, random: () => number): ReturnType<typeof claimOf> => {
      const direct: DirectOutcome[] = []
      const confirm: ConfirmOutcome[] = []
      const underWay: Step[] = []
      for (;;) {
        const known = new Set(underWay.map(stepKey))
        const open = standing(method, { direct, confirm }).open.filter((step) => !known.has(stepKey(step)))
        underWay.push(...open.slice(0, labs - underWay.length))
        const [step] = underWay.splice(Math.floor(random() * underWay.length), 1)
        if (step === undefined) return claimOf(method, { direct, confirm })
        const thresholdMs = drawn(step)
        if (step.kind === 'direct') direct.push({ index: step.index, thresholdMs })
        else confirm.push({ stage: step.stage, index: step.index, held: thresholdMs <= step.atMs, thresholdMs })
      }
    }
    const alone = sideBySide(1, seededRandom(1))
    assert(alone.raised > 0, 'a search that never fails would show nothing')
    for (let order = 0; order < 50; order++) {
      assert.deepEqual(sideBySide(1 + (order % 5), seededRandom(order)), alone)
    }
  })

  it('covers it also when the budget ends it early, with the weaker p that it then tells', () => {
    const random = seededRandom(5)
    const method = methodFor({ pass: 0.9, confidence: 0.95, gridMs: 100, capMs: 60_000 })
    let covered = 0
    for (let one = 0; one < 1000; one++) {
      const direct = measured(...Array.from({ length: 12 }, () => JDBC.draw(random)))
      const claim = claimOf(method, { direct, confirm: [] })
      assert.equal(claim.pass, 0.77)
      if ((claim.thresholdMs ?? 0) >= JDBC.quantile(claim.pass)) covered++
    }
    assert(covered >= 950, `${covered} of 1000`)
  })
})
