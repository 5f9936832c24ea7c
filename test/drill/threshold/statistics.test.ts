import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../../src/clock.ts'
import { binomialAtMost, binomialMass, failureAtLeast, failureAtMost } from '../../../src/drill/threshold/binomial.ts'
import {
  boundRank,
  quantile,
  quantileBound,
  quantileEarned,
  trialsNeeded,
} from '../../../src/drill/threshold/order-statistics.ts'
import { decideSequentially } from '../../../src/drill/threshold/sequential-test.ts'

function near(actual: number, expected: number, within = 1e-9): void {
  assert(Math.abs(actual - expected) <= within, `${actual} is not within ${within} of ${expected}`)
}

/** P(exactly k of n) by going through every outcome of n trials. */
function byBruteForce(k: number, n: number, p: number): number {
  let sum = 0
  for (let outcome = 0; outcome < 2 ** n; outcome++) {
    let successes = 0
    for (let trial = 0; trial < n; trial++) successes += (outcome >> trial) & 1
    if (successes === k) sum += p ** k * (1 - p) ** (n - k)
  }
  return sum
}

describe('the binomial distribution', () => {
  it('is what counting every outcome gives', () => {
    for (const p of [0.05, 0.3, 0.9]) {
      for (let k = 0; k <= 12; k++) near(binomialMass(12, p)[k] ?? Number.NaN, byBruteForce(k, 12, p))
    }
  })

  it('adds up to 1, for many trials too, and knows its ends', () => {
    near(
      binomialMass(5000, 0.9).reduce((sum, one) => sum + one, 0),
      1,
      1e-9,
    )
    assert.deepEqual(binomialMass(2, 0), [1, 0, 0])
    assert.deepEqual(binomialMass(2, 1), [0, 0, 1])
    assert.equal(binomialAtMost(-1, 5, 0.5), 0)
    assert.equal(binomialAtMost(5, 5, 0.5), 1)
  })
})

describe('the probability of failure that runs leave open', () => {
  it('is 9.8 % after 29 clean runs, by the formula for no failure', () => {
    near(failureAtMost(0, 29, 0.95), 0.0981, 5e-5)
    near(failureAtMost(0, 29, 0.95), 1 - 0.05 ** (1 / 29))
  })

  it('is where so few failures become as unlikely as the confidence allows', () => {
    for (const [failures, runs] of [
      [1, 29],
      [3, 10],
      [9, 12],
    ] as const) {
      const most = failureAtMost(failures, runs, 0.95)
      let atMost = 0
      for (let k = 0; k <= failures; k++) atMost += chosen(runs, k) * most ** k * (1 - most) ** (runs - k)
      near(atMost, 0.05)
      const least = failureAtLeast(failures, runs, 0.95)
      let below = 0
      for (let k = 0; k < failures; k++) below += chosen(runs, k) * least ** k * (1 - least) ** (runs - k)
      near(1 - below, 0.05)
      assert(least < failures / runs && failures / runs < most)
    }
  })

  it('agrees with the published table: 1 of 10 leaves 0.5 % to 39.4 %', () => {
    near(failureAtMost(1, 10, 0.95), 0.3942, 5e-5)
    near(failureAtLeast(1, 10, 0.95), 0.0051, 5e-5)
  })

  it('is everything without a run, or when all failed', () => {
    assert.equal(failureAtMost(0, 0, 0.95), 1)
    assert.equal(failureAtMost(4, 4, 0.95), 1)
    assert.equal(failureAtLeast(0, 4, 0.95), 0)
    near(failureAtLeast(4, 4, 0.95), 0.05 ** (1 / 4))
  })

  it('covers the true one at least as often as it says', () => {
    const random = seededRandom(7)
    let covered = 0
    for (let search = 0; search < 2000; search++) {
      let failures = 0
      for (let run = 0; run < 29; run++) failures += random() < 0.12 ? 1 : 0
      if (failureAtMost(failures, 29, 0.95) >= 0.12) covered++
    }
    assert(covered >= 0.95 * 2000, `${covered} of 2000`)
  })
})

describe('the bound of a quantile', () => {
  it('needs 5, 14, 29, 59 and 299 values at 95 %', () => {
    assert.deepEqual(
      [0.5, 0.8, 0.9, 0.95, 0.99].map((pass) => trialsNeeded(pass, 0.95)),
      [5, 14, 29, 59, 299],
    )
  })

  it('needs no value more than the formula when that comes out whole', () => {
    assert.equal(trialsNeeded(0.5, 0.5), 1)
    assert.equal(trialsNeeded(0.5, 0.75), 2)
  })

  it('is the greatest of just as many values as are needed, and none of fewer', () => {
    assert.equal(boundRank(29, 0.9, 0.95), 29)
    assert.equal(boundRank(28, 0.9, 0.95), undefined)
    assert.equal(quantileBound([3, 1], 0.9, 0.95), undefined)
  })

  it('is the smallest k whose sum of binomial terms reaches the confidence', () => {
    for (const [n, p] of [
      [46, 0.9],
      [60, 0.9],
      [20, 0.5],
      [59, 0.95],
    ] as const) {
      const rank = boundRank(n, p, 0.95)
      assert(rank !== undefined)
      const sum = (below: number): number => {
        let total = 0
        for (let i = 0; i < below; i++) total += chosen(n, i) * p ** i * (1 - p) ** (n - i)
        return total
      }
      assert(sum(rank) >= 0.95 && sum(rank - 1) < 0.95, `${rank} of ${n}`)
    }
    assert.equal(boundRank(46, 0.9, 0.95), 45)
  })

  it('tells which quantile a number of values has earned: with 5 only the median', () => {
    near(quantileEarned(5, 0.95), 0.549, 5e-4)
    near(quantileEarned(29, 0.95), 0.9019, 5e-5)
    assert.equal(quantileEarned(0, 0.95), 0)
  })

  it('puts values that are not known behind all others', () => {
    const values = [4, Number.POSITIVE_INFINITY, 2, 1, 3]
    assert.equal(quantileBound(values, 0.5, 0.95), Number.POSITIVE_INFINITY)
    assert.equal(quantileBound(values, 0.5, 0.8), 4)
  })

  it('beside it stands the quantile of the values themselves', () => {
    const values = Array.from({ length: 29 }, (_, index) => index + 1)
    assert.equal(quantile(values, 0.9), 27)
    assert.equal(quantile(values, 0.5), 15)
    assert.equal(quantile([], 0.5), undefined)
  })
})

describe('the sequential test', () => {
  it('says go after ten clean runs, and not before', () => {
    assert.equal(decideSequentially(0, 9), 'undecided')
    assert.equal(decideSequentially(0, 10), 'go')
  })

  it('says no-go after two early failures', () => {
    assert.equal(decideSequentially(1, 0), 'undecided')
    assert.equal(decideSequentially(2, 0), 'no-go')
    assert.equal(decideSequentially(2, 5), 'undecided')
  })

  it('is wrong about once in ten at most, at either probability', () => {
    const random = seededRandom(11)
    for (const [failure, wrong] of [
      [0.05, 'no-go'],
      [0.25, 'go'],
    ] as const) {
      let mistakes = 0
      for (let search = 0; search < 1000; search++) {
        let failures = 0
        let passes = 0
        let told = decideSequentially(0, 0)
        while (told === 'undecided') {
          if (random() < failure) failures++
          else passes++
          told = decideSequentially(failures, passes)
        }
        if (told === wrong) mistakes++
      }
      assert(mistakes <= 120, `${mistakes} of 1000 at ${failure}`)
    }
  })
})

/** C(n, k), by multiplication. */
function chosen(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i
  return ways
}
