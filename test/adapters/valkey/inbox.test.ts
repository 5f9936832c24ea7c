import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { createClient } from '@redis/client'
import { valkeyResults } from '../../../adapters/valkey/results.ts'
import { systemClock } from '../../../src/clock.ts'
import type { JobState, ResultsHost, ResultsSession } from '../../../src/jobs/results/results.ts'
import { eventually } from '../../../src/testing/contract/waiting.ts'
import { redisFor, redisSkip } from '../../support/redis.ts'

const HOST = { clock: systemClock } as ResultsHost
const unexpected = (error: Error): void => assert.fail(error)
const progress = (percent: number): JobState => ({ kind: 'progress', percent, message: undefined, at: 1 })
const done = (value: unknown): JobState => ({ kind: 'succeeded', value, at: 1 })

async function opened(context: TestContext, url: string): Promise<ResultsSession> {
  const session = await valkeyResults({ url, timeout: 20_000 }).open(HOST)
  context.after(async () => await session.close())
  return session
}

async function follow(session: ResultsSession, jobId: string): Promise<{ readonly states: JobState[]; close(): void }> {
  const states: JobState[] = []
  const watch = await session.watch(jobId, (state) => states.push(state), unexpected, true)
  return { states, close: () => watch.close() }
}

describe('jobs that are followed from their beginning, in Redis', { skip: redisSkip() }, () => {
  it('are told in order and once, to whoever made them alone', async (context) => {
    const { url } = await redisFor(context)
    const [maker, other, worker] = [await opened(context, url), await opened(context, url), await opened(context, url)]
    assert.notEqual(maker.replyTo, other.replyTo)
    const [jobId, last] = [randomUUID(), randomUUID()]
    const { states } = await follow(maker, jobId)
    const elsewhere = await follow(other, jobId)
    const closed = await follow(maker, last)
    closed.close()
    const address = { jobId, replyTo: maker.replyTo }
    for (const state of [progress(10), progress(10), progress(50), done('x'), progress(60)])
      await worker.put(address, state)
    await eventually('the end', () => states.length === 3)
    assert.deepEqual(states, [progress(10), progress(50), done('x')])
    assert.deepEqual([elsewhere.states, closed.states], [[], []])
    elsewhere.close()
  })

  it('cost the server no subscription each', async (context) => {
    const { url } = await redisFor(context)
    const maker = await opened(context, url)
    const follows = Array.from({ length: 50 }, async () => await follow(maker, randomUUID()))
    const followed = await Promise.all(follows)
    const client = createClient({ url })
    await client.connect()
    const channels = await client.pubSubChannels('understudy:*')
    client.destroy()
    assert.equal(channels.length, 1)
    for (const each of followed) each.close()
  })

  it('are told after a restart of the server what was put meanwhile, and what comes later', async (context) => {
    const server = await redisFor(context)
    const maker = await opened(context, server.url)
    const ids = Array.from({ length: 1200 }, () => randomUUID())
    const followed = await Promise.all(ids.map(async (id) => await follow(maker, id)))
    await server.kill()
    await server.start()
    const worker = await opened(context, server.url)
    const put = async (jobId: string, state: JobState): Promise<void> =>
      await worker.put({ jobId, replyTo: maker.replyTo }, state)
    await Promise.all(ids.map(async (id, index) => await put(id, done(index))))
    await eventually('all', () => followed.every(({ states }) => states.length === 1))
    assert.deepEqual(
      followed.map(({ states }) => states),
      ids.map((_, index) => [done(index)]),
    )
    const later = await follow(maker, 'later')
    await put('later', done('later'))
    await eventually('the later one', () => later.states.length === 1)
  })

  it('are given up when the results are closed, and none can be followed then', async (context) => {
    const { url } = await redisFor(context)
    const maker = await opened(context, url)
    const ends: string[] = []
    const nothing = (): void => assert.fail('nothing was told')
    await maker.watch('a', nothing, ({ code }) => ends.push(code), true)
    const left = await maker.watch('b', nothing, unexpected, true)
    left.close()
    await maker.close()
    assert.deepEqual(ends, ['closed'])
    await assert.rejects(maker.watch('c', nothing, unexpected, true), { code: 'closed' })
  })
})
