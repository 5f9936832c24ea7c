import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { systemClock } from '../../clock.ts'
import type { UnderstudyError } from '../../errors.ts'
import type { JobState, Results, ResultsHost, ResultsSession } from '../../jobs/results/results.ts'
import { eventually } from '../contract/waiting.ts'

/** What the contract suite of results runs against. */
export interface ResultsSuiteOptions {
  /** What the suite runs against, such as `Valkey`. */
  readonly name: string
  /** Results in one and the same place, every time. `ttl` is how long they are kept, in milliseconds. */
  readonly results: (options: { readonly ttl?: number }) => Results | Promise<Results>
  /** Why nothing can run here, or false. Defaults to false. */
  readonly skip?: string | false
}

const HOST: ResultsHost = {
  name: 'suite',
  clock: systemClock,
  send: () => Promise.reject(new Error('results that are kept send nothing')),
  replyTo: 'queue://nobody',
  hearReplies: () => Promise.reject(new Error('results that are kept listen to nothing')),
}

const unexpected = (error: UnderstudyError): void => assert.fail(error)

const progress = (percent: number, message?: string): JobState => ({ kind: 'progress', percent, message, at: percent })
const succeeded = (value: unknown, at = 1): JobState => ({ kind: 'succeeded', value, at })
const FAILED: JobState = {
  kind: 'failed',
  errorClass: 'TypeError',
  errorMessage: 'no \'file\' \u{1F5BC}\n\0 of "that" % name\\',
  reason: 'exception',
  at: 2,
}

/** Registers with node:test what results that are kept somewhere promise. */
export function keptResultsSuite({ name, results, skip = false }: ResultsSuiteOptions): void {
  describe(`results that are kept, in ${name}`, { skip }, () => {
    // Two sessions, as an enqueuer and a worker have them.
    let here: ResultsSession
    let there: ResultsSession
    const open = async (ttl?: number): Promise<ResultsSession> =>
      await (await results(ttl === undefined ? {} : { ttl })).open(HOST)
    const put = async (jobId: string, state: JobState): Promise<void> =>
      await there.put({ jobId, replyTo: undefined }, state)
    const watched = async (jobId: string): Promise<{ states: JobState[]; close(): void }> => {
      const states: JobState[] = []
      const watch = await here.watch(jobId, (state) => states.push(state), unexpected)
      return { states, close: () => watch.close() }
    }
    const ended = async (states: readonly JobState[]): Promise<unknown> =>
      await eventually('the end', () => states.some(({ kind }) => kind !== 'progress'))

    before(async () => {
      here = await open()
      there = await open()
    })
    after(async () => {
      await here?.close()
      await there?.close()
    })

    it('know nothing of a job that nobody told of', async () => {
      assert.equal(await here.get(randomUUID()), undefined)
    })

    it('tell how far a job is, the last word of it', async () => {
      const id = randomUUID()
      await put(id, progress(10))
      assert.deepEqual(await here.get(id), progress(10))
      await put(id, progress(50, 'half, ½'))
      assert.deepEqual(await here.get(id), progress(50, 'half, ½'))
    })

    for (const value of [undefined, null, 0, '', 'ümläut \u{1F600} \0', [1, { deep: [null] }], 'x'.repeat(300_000)]) {
      it(`give back what a job returned, such as ${inspect(value).slice(0, 30)}`, async () => {
        const id = randomUUID()
        await put(id, succeeded(value))
        assert.deepEqual(await here.get(id), succeeded(value))
      })
    }

    it('give back why a job failed', async () => {
      const id = randomUUID()
      await put(id, FAILED)
      assert.deepEqual(await here.get(id), FAILED)
    })

    it('are not hidden by a word of progress that came late', async () => {
      const id = randomUUID()
      await put(id, progress(10))
      await put(id, succeeded('done'))
      await put(id, progress(60))
      assert.deepEqual(await here.get(id), succeeded('done'))
    })

    it('are replaced by those of the same job that was sent back', async () => {
      const id = randomUUID()
      await put(id, FAILED)
      await put(id, succeeded('this time', 3))
      assert.deepEqual(await here.get(id), succeeded('this time', 3))
      await put(id, { ...FAILED, at: 4 })
      assert.deepEqual(await here.get(id), { ...FAILED, at: 4 })
    })

    it('are put twice without harm', async () => {
      const id = randomUUID()
      await Promise.all(Array.from({ length: 20 }, async () => await put(id, succeeded(1))))
      assert.deepEqual(await here.get(id), succeeded(1))
    })

    it('are kept for their time to live and no longer, and begin anew afterwards', async () => {
      const short = await open(60)
      try {
        const id = randomUUID()
        await short.put({ jobId: id, replyTo: undefined }, succeeded('soon gone'))
        await eventually('it is gone', async () => (await short.get(id)) === undefined)
        await put(id, progress(5))
        assert.deepEqual(await short.get(id), progress(5))
      } finally {
        await short.close()
      }
    })

    it('keep jobs apart whose ids differ in case, in blanks at the end and in what a query would take for more', async () => {
      const ids = ['a', 'A', 'ä', 'a ', 'a%', 'a_', "a'", 'a"', 'a\\', "a' OR '1'='1", '{a}', 'é', 'e\u0301'].map(
        (end) => `${randomUUID().slice(0, 8)} ${end}`,
      )
      for (const id of ids) await put(id, succeeded(id))
      for (const id of ids) assert.deepEqual(await here.get(id), succeeded(id))
    })

    it('tell whoever watches of progress in its order and then of the result, once and last', async () => {
      const id = randomUUID()
      const { states } = await watched(id)
      const told: JobState[] = []
      for (const percent of [10, 20, 30, 40, 50]) {
        told.push(progress(percent))
        await put(id, progress(percent))
      }
      told.push(succeeded('done'))
      await put(id, succeeded('done'))
      await ended(states)
      await put(id, succeeded('again', 9))
      // Where it is asked for now and then, some steps are passed over.
      assert.deepEqual(
        states,
        told.filter((state) => states.some(({ at, kind }) => at === state.at && kind === state.kind)),
      )
      assert.deepEqual(states.at(-1)?.kind, 'succeeded')
    })

    it('tell of each step that is waited for', async () => {
      const id = randomUUID()
      const { states } = await watched(id)
      const told = [progress(10), progress(20, 'two'), progress(99), FAILED]
      for (const [index, state] of told.entries()) {
        await put(id, state)
        await eventually('it is told', () => states.length === index + 1)
      }
      assert.deepEqual(states, told)
    })

    it('tell at once what was there before anybody watched', async () => {
      const id = randomUUID()
      await put(id, progress(30))
      const { states } = await watched(id)
      await eventually('the progress', () => states.length === 1)
      await put(id, FAILED)
      await ended(states)
      const late = await watched(id)
      await ended(late.states)
      assert.deepEqual(late.states, [FAILED])
    })

    it('tell several who watch the same job, and not those who stopped', async () => {
      const id = randomUUID()
      const [first, second, third] = [await watched(id), await watched(id), await watched(id)]
      third.close()
      third.close()
      await put(id, succeeded(1))
      await Promise.all([ended(first.states), ended(second.states)])
      assert.deepEqual(third.states, [])
      const again = await watched(id)
      await ended(again.states)
    })

    it('tell whoever watches in the process that puts them, as where enqueuer and worker are one', async () => {
      const id = randomUUID()
      const { states } = await watched(id)
      const told = [progress(10), progress(20), succeeded({ deep: [1] })]
      for (const [index, state] of told.entries()) {
        await here.put({ jobId: id, replyTo: undefined }, state)
        await eventually('it is told', () => states.length === index + 1)
      }
      assert.deepEqual(states, told)
      assert.deepEqual(await here.get(id), told.at(-1))
    })

    it('tell 300 who watch at a time, each of its own job', async () => {
      const ids = Array.from({ length: 300 }, () => randomUUID())
      const watches = await Promise.all(ids.map(async (id) => ({ id, watch: await watched(id) })))
      await Promise.all(ids.map(async (id) => await put(id, succeeded(id))))
      for (const { id, watch } of watches) {
        await ended(watch.states)
        assert.deepEqual(watch.states, [succeeded(id)])
      }
    })

    it('refuse what is no JSON, and say whose it is', async () => {
      const id = randomUUID()
      const circle: { self?: unknown } = {}
      circle.self = circle
      for (const value of [circle, 10n]) {
        await assert.rejects(
          put(id, succeeded(value)),
          (error: { code?: string; retriable?: boolean; message: string }) => {
            assert.equal(error.code, 'storage')
            assert.equal(error.retriable, false)
            assert.match(error.message, new RegExp(`^what job ${id} returned cannot be kept as JSON`))
            return true
          },
        )
      }
    })

    it('are closed twice without harm, tell nobody afterwards, and take nothing any more', async () => {
      const session = await open()
      const id = randomUUID()
      const states: JobState[] = []
      const ends: UnderstudyError[] = []
      const take = (state: JobState): void => void states.push(state)
      const watch = await session.watch(id, take, (error) => ends.push(error))
      const left = await session.watch(id, take, unexpected)
      left.close()
      await Promise.all([session.close(), session.close()])
      await session.close()
      watch.close()
      await put(id, succeeded(1))
      const closed = { code: 'closed' }
      await assert.rejects(session.get(id), closed)
      await assert.rejects(session.put({ jobId: id, replyTo: undefined }, succeeded(2)), closed)
      await assert.rejects(session.watch(id, take, unexpected), closed)
      assert.deepEqual(await here.get(id), succeeded(1))
      assert.deepEqual(states, [])
      assert.deepEqual(
        ends.map(({ code }) => code),
        ['closed'],
      )
    })
  })
}
