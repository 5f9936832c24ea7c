import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { attemptOffsets, parseRetrySchedule, replaySchedule } from '../../../src/drill/threshold/retry-schedule.ts'
import type { Downtime } from '../../../src/drill/threshold/trial-record.ts'

const of = (...down: readonly (readonly [number, number | null])[]): { readonly down: readonly Downtime[] } => ({
  down: down.map(([fromMs, untilMs]) => ({ fromMs, untilMs })),
})

function failed(schedule: string, ...trials: readonly { readonly down: readonly Downtime[] }[]): number {
  return replaySchedule(parseRetrySchedule(schedule), trials, 0.95).failed
}

describe('a retry schedule', () => {
  it('is a first attempt and retries, whose pauses grow by the factor up to the longest', () => {
    assert.deepEqual(
      attemptOffsets(parseRetrySchedule('retries=5,delay=500ms,factor=2,max=3s')),
      [0, 500, 1500, 3500, 6500, 9500],
    )
  })

  it('has pauses of one length where no factor is given, and no retry where none is asked for', () => {
    assert.deepEqual(attemptOffsets(parseRetrySchedule('retries=2,delay=4s')), [0, 4000, 8000])
    assert.deepEqual(attemptOffsets(parseRetrySchedule('retries=0,delay=1s')), [0])
  })

  it('is refused with what is wrong about it', () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['retries=5', /has no delay/],
      ['delay=1s', /has no retries/],
      ['retries=5,delay=1s,jitter=3', /unknown part "jitter"; there are retries, delay, factor, max/],
      ['retries=5,delay=1', /needs a duration for delay/],
      ['retries=1.5,delay=1s', /whole number of retries/],
      ['retries=5,delay=1s,factor=0', /factor from 1 to 100/],
      ['retries=5,retries=6,delay=1s', /gives retries twice/],
      ['retries=,delay=1s', /gives retries no value/],
      ['retries=1000,delay=1s,factor=3', /pauses that grow without end; give it a max/],
    ]
    for (const [text, expected] of wrong) {
      assert.throws(() => parseRetrySchedule(text), { code: 'invalid-option', message: expected }, text)
    }
  })
})

describe('a schedule replayed over outages', () => {
  it('fails a job in an outage that is longer than from its first attempt to its last', () => {
    assert.equal(failed('retries=1,delay=4s', of([0, 4000]), of([0, 4001])), 1)
  })

  it('fails none where there was no outage, and one in every outage that had no end', () => {
    assert.equal(failed('retries=1,delay=4s', of(), of([0, null])), 1)
  })

  it('fails a job whose retry falls into a second outage', () => {
    assert.equal(failed('retries=1,delay=4s', of([0, 1000], [4000, 4500])), 1)
    assert.equal(failed('retries=1,delay=2s', of([0, 1000], [4000, 4500])), 0)
  })

  it('bounds how often a job fails by the number of outages, at the confidence', () => {
    const trials = Array.from({ length: 29 }, () => of([0, 100]))
    const { outages, failureAtMost, spanMs } = replaySchedule(parseRetrySchedule('retries=1,delay=1s'), trials, 0.95)
    assert.deepEqual({ outages, spanMs, most: failureAtMost.toFixed(3) }, { outages: 29, spanMs: 1000, most: '0.098' })
  })

  it('says what trying every beginning of a job says', () => {
    const spell = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }))
    fc.assert(
      fc.property(
        fc.array(spell, { maxLength: 3 }),
        fc.nat(4),
        fc.integer({ min: 1, max: 30 }),
        (spells, retries, delay) => {
          const { down } = of(...spells.map(([from, length]) => [from, from + length] as const))
          const isDown = (ms: number): boolean =>
            down.some(({ fromMs, untilMs }) => ms >= fromMs && ms < (untilMs ?? 0))
          const schedule = parseRetrySchedule(`retries=${retries},delay=${delay}ms`)
          const offsets = attemptOffsets(schedule)
          const begins = Array.from({ length: 120 }, (_, ms) => ms)
          const expected = begins.some((begin) => offsets.every((offset) => isDown(begin + offset)))
          assert.equal(replaySchedule(schedule, [{ down }], 0.95).failed === 1, expected)
        },
      ),
    )
  })
})
