import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { fatesOf } from '../../../../src/drill/checker/fates.ts'
import type { AttemptOutcome } from '../../../../src/drill/history.ts'
import { jobsLedger } from '../../../../src/drill/checker/jobs-ledger.ts'
import { type Fate, type JobStory, jobStories } from '../../../../src/drill/report/stories/job-stories.ts'
import { inOrder } from '../../../../src/drill/checker/timeline.ts'
import { RUN, WrittenHistory } from '../../../support/history.ts'

function storiesOf(history: WrittenHistory): readonly JobStory[] {
  const events = inOrder(history.events)
  return jobStories(jobsLedger(events, RUN), events, RUN)
}

function fatesIn(history: WrittenHistory, id: string): readonly Fate[] {
  return storiesOf(history).find((story) => story.job.id === id)?.fates ?? []
}

function drained(history: WrittenHistory, ok = true): WrittenHistory {
  return history.at(10_000, { type: 'drain', ok, outstanding: 0 })
}

describe('the story of a job', () => {
  it('is a plain one when it was acknowledged on the first attempt and delivered once', () => {
    assert.deepEqual(fatesIn(drained(new WrittenHistory().job('j', 100)), 'j'), ['once'])
  })

  it('is loss only when the drain succeeded', () => {
    const history = (): WrittenHistory => new WrittenHistory().due('j', 100).attempt('j', 100, { outcome: 'ack' })
    assert.deepEqual(fatesIn(drained(history()), 'j'), ['lost'])
    assert.deepEqual(fatesIn(drained(history(), false), 'j'), ['not seen yet'])
    assert.deepEqual(fatesIn(history(), 'j'), ['not seen yet'])
  })

  it('tells a job that was given up from one that nobody finished', () => {
    const refused = new WrittenHistory().due('j', 100).attempt('j', 100, { outcome: 'refused' })
    assert.deepEqual(fatesIn(drained(refused), 'j'), ['unfinished'])
    assert.deepEqual(fatesIn(drained(refused.giveUp('j', 500)), 'j'), ['failed'])
  })

  it('names everything that holds of it, the worst first', () => {
    const history = new WrittenHistory()
      .due('j', 100)
      .attempt('j', 100, { outcome: 'ambiguous' })
      .giveUp('j', 500)
      .delivered('j', 600)
    assert.deepEqual(fatesIn(drained(history), 'j'), ['failed', 'indeterminate', 'recovered'])
  })

  it('tells of jobs of other runs that were delivered', () => {
    const stories = storiesOf(drained(new WrittenHistory().job('j', 100).delivered('x', 200, { runId: 'other' })))
    assert.deepEqual(
      stories.map((story) => [story.job.id, story.fates[0]]),
      [
        ['j', 'once'],
        ['x', 'unexpected'],
      ],
    )
  })

  it('agrees with the counts of the verdict on any history', () => {
    const outcome = fc.constantFrom<AttemptOutcome | undefined>(
      'ack',
      'nack',
      'returned',
      'refused',
      'ambiguous',
      undefined,
    )
    const ms = fc.integer({ min: 1, max: 4_000 })
    const job = fc.record({
      attempts: fc.array(fc.record({ ms, outcome }), { maxLength: 3 }),
      deliveries: fc.array(
        fc.record({ ms, k: fc.integer({ min: 1, max: 3 }), redelivered: fc.boolean(), ackConfirmed: fc.boolean() }),
        { maxLength: 4 },
      ),
      gaveUp: fc.boolean(),
      foreign: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(job, { maxLength: 12 }), fc.boolean(), (jobs, ok) => {
        const history = new WrittenHistory()
        for (const [index, { attempts, deliveries, gaveUp, foreign }] of jobs.entries()) {
          const id = `j${index}`
          for (const [k, attempt] of attempts.entries()) {
            const { outcome: end, ms: startMs } = attempt
            history.attempt(id, startMs, { k: k + 1, ...(end && { outcome: end }) })
          }
          if (gaveUp && attempts.length > 0) history.giveUp(id, 5_000)
          for (const { ms: atMs, ...note } of deliveries.toSorted((one, other) => one.ms - other.ms)) {
            history.delivered(id, atMs, note)
          }
          if (foreign) history.delivered(id, 4_500, { runId: 'other', ackConfirmed: false })
        }
        drained(history, ok)
        const events = inOrder(history.events)
        const ledger = jobsLedger(events, RUN)
        const { counts, undelivered } = fatesOf(ledger, ok)
        const stories = jobStories(ledger, events, RUN)
        const count = (fate: Fate): number => stories.filter((story) => story.fates.includes(fate)).length
        assert.equal(count('lost'), counts.lost ?? 0)
        assert.equal(count('lost') + count('not seen yet'), undelivered.length)
        assert.equal(count('failed'), counts.failed)
        assert.equal(count('indeterminate'), counts.indeterminate)
        assert.equal(count('recovered'), counts.recovered)
        assert.equal(count('resurrected'), counts.resurrected)
        assert.equal(count('unexpected'), counts.unexpected)
        assert.equal(count('reordered'), counts.reordered)
        for (const [fate, kind] of [
          ['post-ack duplicate', 'postAck'],
          ['resend duplicate', 'resend'],
          ['broker duplicate', 'broker'],
          ['redelivery', 'redelivery'],
        ] as const) {
          assert.equal(count(fate) > 0, counts.duplicated[kind] > 0, fate)
        }
      }),
      { numRuns: 300 },
    )
  })
})
