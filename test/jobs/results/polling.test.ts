import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sleep } from '../../../src/clock.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { Polling } from '../../../src/jobs/results/polling.ts'
import type { JobState } from '../../../src/jobs/results/results.ts'
import { stateText } from '../../../src/jobs/results/state-text.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'

interface Table {
  readonly clock: FakeClock
  readonly polling: Polling
  /** What is kept, by job. */
  readonly states: Map<string, JobState>
  /** When each question was asked and how many jobs it was about. */
  readonly questions: { readonly at: number; readonly jobs: number }[]
  /** While set, questions fail. */
  isAway: boolean
}

function table(): Table {
  const clock = new FakeClock()
  const began = clock.now()
  const states = new Map<string, JobState>()
  const questions: { at: number; jobs: number }[] = []
  const all = { clock, states, questions, isAway: false }
  const polling = new Polling(clock, async (jobIds) => {
    questions.push({ at: clock.now() - began, jobs: jobIds.length })
    if (all.isAway) throw new UnderstudyError('storage', 'away', { retriable: true })
    const found = jobIds.filter((id) => states.has(id))
    return new Map(found.map((id) => [id, stateText(id, states.get(id) as JobState)]))
  })
  return Object.assign(all, { polling })
}

const progress = (percent: number): JobState => ({ kind: 'progress', percent, message: undefined, at: percent })
const DONE: JobState = { kind: 'succeeded', value: 1, at: 1 }
const unexpected = (error: Error): void => assert.fail(error)

describe('looking at jobs now and then', () => {
  it('happens at once, then ever more rarely up to once a second, and anew after something new', async () => {
    const { clock, polling, states, questions } = table()
    const heard: JobState[] = []
    const following = polling.follow('a', (state) => heard.push(state), unexpected)
    await clock.advance(5_000)
    const times = questions.map(({ at }) => Math.round(at))
    assert.deepEqual(times.slice(0, 5), [0, 100, 250, 475, 813])
    assert.deepEqual(
      times.slice(-2).map((at, index, last) => at - (last[index - 1] ?? at - 1_000)),
      [1_000, 1_000],
    )
    states.set('a', progress(10))
    for (let step = 0; step < 100 && heard.length === 0; step++) await clock.advance(10)
    assert.deepEqual(heard, [progress(10)])
    questions.length = 0
    await clock.advance(100)
    assert.equal(questions.length, 1)
    following.close()
    assert.equal(clock.pending, 0)
  })

  it('tells each state once and stops with the outcome', async () => {
    const { clock, polling, states, questions } = table()
    const heard: JobState[] = []
    polling.follow('a', (state) => heard.push(state), unexpected)
    states.set('a', progress(10))
    await clock.advance(1_000)
    states.set('a', DONE)
    await clock.advance(1_000)
    assert.deepEqual(heard, [progress(10), DONE])
    const asked = questions.length
    await clock.advance(10_000)
    assert.equal(questions.length, asked)
    assert.equal(clock.pending, 0)
  })

  it('asks about many with one question, 500 at most, and never two at a time', async () => {
    const { clock, polling, states, questions } = table()
    let ended = 0
    for (let job = 0; job < 1_200; job++) {
      states.set(`job-${job}`, DONE)
      polling.follow(`job-${job}`, () => (ended += 1), unexpected)
    }
    await clock.advance(0)
    await settled()
    assert.deepEqual(
      questions.map(({ jobs }) => jobs),
      [500, 500, 200],
    )
    assert.equal(ended, 1_200)
  })

  it('comes to each of them in turn, however slow the store is', async () => {
    const clock = new FakeClock()
    const asked = new Set<string>()
    const polling = new Polling(clock, async (jobIds) => {
      for (const jobId of jobIds) asked.add(jobId)
      await sleep(clock, 2_000)
      return new Map()
    })
    for (let job = 0; job < 1_001; job++) polling.follow(`job-${job}`, unexpected as never, () => {})
    await clock.advance(20_000)
    assert.equal(asked.size, 1_001)
    polling.end(new UnderstudyError('closed', 'closed'))
  })

  it('goes on while the store is away, a second apart, and tells when it is back', async () => {
    const all = table()
    const { clock, polling, states, questions } = all
    all.isAway = true
    states.set('a', DONE)
    const heard: JobState[] = []
    polling.follow('a', (state) => heard.push(state), unexpected)
    await clock.advance(3_000)
    assert.deepEqual(
      questions.map(({ at }) => at),
      [0, 1_000, 2_000, 3_000],
    )
    all.isAway = false
    await clock.advance(1_000)
    assert.deepEqual(heard, [DONE])
  })

  it('ends for all with the same error, and leaves no timer', async () => {
    const { clock, polling } = table()
    const errors: string[] = []
    for (const job of ['a', 'a', 'b']) polling.follow(job, unexpected as never, ({ code }) => errors.push(code))
    await clock.advance(50)
    polling.end(new UnderstudyError('closed', 'closed'))
    assert.deepEqual(errors, ['closed', 'closed', 'closed'])
    assert.equal(clock.pending, 0)
  })

  it('passes over what somebody else wrote in the place of a state', async () => {
    const { clock, polling, states } = table()
    states.set('a', 'nonsense' as never)
    const heard: JobState[] = []
    const following = polling.follow('a', (state) => heard.push(state), unexpected)
    await clock.advance(200)
    states.set('a', DONE)
    await clock.advance(1_000)
    assert.deepEqual(heard, [DONE])
    following.close()
  })
})
