import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import vm from 'node:vm'
import * as fc from 'fast-check'
import { jobsLedger } from '../../../../src/drill/checker/jobs-ledger.ts'
import { inOrder } from '../../../../src/drill/checker/timeline.ts'
import type { AttemptOutcome, HistoryEvent } from '../../../../src/drill/history.ts'
import { sharedScript } from '../../../../src/drill/report/script/browser-code.ts'
import { whyItHappened } from '../../../../src/drill/report/stories/fate-words.ts'
import { type JobStory, jobStories } from '../../../../src/drill/report/stories/job-stories.ts'
import { nextId, packJobs } from '../../../../src/drill/report/stories/packed-jobs.ts'
import { storySteps } from '../../../../src/drill/report/stories/story-steps.ts'
import { unpackJobs, unpackStory } from '../../../../src/drill/report/stories/unpacked-jobs.ts'
import { A, B, RUN, WrittenHistory } from '../../../support/history.ts'
import { HOSTILE, KILLED, LOSING, PAUSED, writeDrill } from '../written-drills.ts'

const nameOf = (endpoint: string | null): string => (endpoint === null ? 'no broker' : endpoint === A ? 'a' : 'b')

function storiesOf(history: readonly HistoryEvent[], runId: string): readonly JobStory[] {
  const events = inOrder(history)
  return jobStories(jobsLedger(events, runId), events, runId)
}

/** What a page tells of a job: its fates, why, and every step with its time to the microsecond. */
function told(story: JobStory, originNs: number): unknown {
  const steps = storySteps(story, nameOf).map(({ atNs, what }) => [Math.round((atNs - originNs) / 1000), what])
  return [story.job.id, story.fates, whyItHappened(story, null, nameOf), steps]
}

function assertKept(history: readonly HistoryEvent[], runId: string, originNs = 0, acksConfirmed = true): void {
  const stories = storiesOf(history, runId)
  const { records, table } = packJobs(stories, { originNs, everyMs: 50, acksConfirmed })
  const columns = unpackJobs(Buffer.from(records, 'base64'), table)
  assert.equal(columns.id.length, stories.length)
  for (const [index, story] of stories.entries()) {
    assert.deepEqual(told(unpackStory(columns, index), 0), told(story, originNs), story.job.id)
    assert.equal(columns.attempts[index], story.job.attempts.length)
    assert.equal(columns.deliveries[index], story.deliveries.length)
  }
}

const OUTCOME = fc.constantFrom<AttemptOutcome>('ack', 'nack', 'returned', 'refused', 'ambiguous')
const TRIED = fc.record({
  by: fc.constantFrom(A, B, null),
  outcome: fc.option(OUTCOME, { nil: undefined }),
  startMs: fc.integer({ min: 0, max: 5000 }),
  forMs: fc.integer({ min: 0, max: 90_000 }),
  copies: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 500 }),
      redelivered: fc.boolean(),
      by: fc.constantFrom(A, B),
      foreign: fc.boolean(),
      ackConfirmed: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
})
const JOB = fc.record({
  id: fc.oneof(fc.stringMatching(/^job-\d{1,3}$/), fc.string({ maxLength: 6 })),
  due: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
  gaveUp: fc.boolean(),
  tried: fc.array(TRIED, { maxLength: 4 }),
})

describe('the jobs that a page carries', () => {
  it('are unpacked to the stories they were packed from, in written drills', () => {
    for (const script of [KILLED, PAUSED, LOSING, HOSTILE]) {
      assertKept(writeDrill(script), script.runId ?? 'run-1', 6_052_400_000)
    }
  })

  it('are unpacked to the stories they were packed from, in any history', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(JOB, { selector: ({ id }) => id, maxLength: 8 }),
        fc.boolean(),
        (jobs, acksConfirmed) => {
          const history = new WrittenHistory({ acksConfirmed })
          for (const { id, due, gaveUp, tried } of jobs) {
            if (due !== undefined) history.due(id, due)
            for (const [index, { by, outcome, startMs, forMs, copies }] of tried.entries()) {
              const note = outcome === undefined ? {} : { outcome }
              history.attempt(id, startMs, { k: index + 1, by, endMs: startMs + forMs, ...note })
              for (const { afterMs, foreign, ...copy } of copies) {
                history.delivered(id, startMs + afterMs, { ...copy, k: index + 1, runId: foreign ? 'other' : RUN })
              }
            }
            if (gaveUp) history.giveUp(id, 9000)
          }
          assertKept(history.drain(200_000).events, RUN, 0, acksConfirmed)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('keep when each was due and how late it was confirmed', () => {
    const history = new WrittenHistory().job('j-1', 100).due('j-2', 150).attempt('j-2', 150, { outcome: 'refused' })
    const { records, table } = packJobs(storiesOf(history.events, RUN), {
      originNs: 1e8,
      everyMs: 50,
      acksConfirmed: true,
    })
    const { dueMs, latencyMs } = unpackJobs(Buffer.from(records, 'base64'), table)
    assert.deepEqual([...dueMs], [0, 50])
    assert.deepEqual([...latencyMs], [4, Number.NaN])
  })

  it('take less than thirty bytes each where nothing happened', () => {
    const events = writeDrill({ ...KILLED, jobs: 2_000 })
    const { records } = packJobs(storiesOf(events, 'run-1'), { originNs: 0, everyMs: 50, acksConfirmed: true })
    assert.ok(records.length < 2_000 * 30, String(records.length))
  })

  it('are read in a page by the very code that is tested here', () => {
    const events = writeDrill(LOSING)
    const stories = storiesOf(events, 'run-1')
    const { records, table } = packJobs(stories, { originNs: 0, everyMs: 50, acksConfirmed: true })
    const page = vm.createContext({ bytes: new Uint8Array(Buffer.from(records, 'base64')), table, nameOf })
    const script = `${sharedScript()}
      const columns = unpackJobs(bytes, table)
      columns.id.map((id, index) => whyItHappened(unpackStory(columns, index), null, nameOf))`
    const said = [...(vm.runInContext(script, page) as readonly string[])]
    assert.deepEqual(
      said,
      stories.map((story) => whyItHappened(story, null, nameOf)),
    )
  })
})

describe('the id after an id', () => {
  it('counts its last number up and keeps its width', () => {
    assert.equal(nextId('run-7-000009'), 'run-7-000010')
    assert.equal(nextId('9'), '10')
    assert.equal(nextId('job-'), undefined)
    assert.equal(nextId(''), undefined)
  })
})
