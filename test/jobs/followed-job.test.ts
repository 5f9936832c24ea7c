import assert from 'node:assert/strict'
import test from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { Enqueuer } from '../../src/jobs/enqueuer.ts'
import { FollowedJob } from '../../src/jobs/followed-job.ts'
import { JobHandle } from '../../src/jobs/job-handle.ts'
import { JobQueues } from '../../src/jobs/job-queues.ts'
import { failsWith } from './enqueueing.ts'

const progress = (percent: number) => ({ kind: 'progress', percent, message: undefined, at: 0 }) as const

const handleOf = (followed: FollowedJob): JobHandle =>
  new JobHandle({ id: followed.id, job: 'j', queue: 'q', followed, clock: systemClock })

test('a reader of progress that falls behind loses the eldest, and one that keeps up loses none', async () => {
  const followed = new FollowedJob('id', () => {})
  const [quick, slow] = [handleOf(followed).progress(), handleOf(followed).progress()]
  const seen: number[] = []
  for (let percent = 0; percent < 1500; percent++) {
    followed.take(progress(percent))
    const { value } = await quick.next()
    if (value) seen.push(value.percent)
  }
  followed.take({ kind: 'succeeded', value: 1, at: 0 })
  assert.deepEqual(
    seen,
    Array.from({ length: 1500 }, (_, n) => n),
  )
  assert.equal((await quick.next()).done, true)
  const late: number[] = []
  for await (const { percent } of slow) late.push(percent)
  assert.deepEqual([late.length, late[0], late.at(-1)], [1000, 500, 1499])
})

test('a job ends once, whatever comes after', async () => {
  let ended = 0
  const followed = new FollowedJob('id', () => ended++)
  const waiting = Promise.all([handleOf(followed).result(), handleOf(followed).result()])
  followed.take({ kind: 'succeeded', value: 'first', at: 0 })
  followed.take({ kind: 'failed', errorClass: 'E', errorMessage: 'm', reason: 'exception', at: 0 })
  followed.take(progress(50))
  assert.deepEqual([await waiting, ended], [['first', 'first'], 1])
  for await (const _ of handleOf(followed).progress()) assert.fail('there was none')
})

test('a hundred thousand jobs are followed, and the eldest gives way to the next', async () => {
  let watches = 0
  const connection = {
    send: async () => 'id',
    declare: async () => {},
  }
  const enqueuer = new Enqueuer({
    connection,
    queues: new JobQueues(connection),
    results: async () => ({
      replyTo: undefined,
      watch: async () => {
        watches++
        return { close: () => watches-- }
      },
      get: async () => undefined,
      put: async () => {},
      close: async () => {},
    }),
    tell: () => {},
    clock: systemClock,
  })
  const job = defineJob({ name: 'j', perform: () => {} })
  const first = await enqueuer.enqueue(job, 0, {})
  const second = await enqueuer.enqueue(job, 0, {})
  for (let n = 2; n <= 100_000; n++) await enqueuer.enqueue(job, n, {})
  await assert.rejects(first.result(), failsWith('pending-full', /100000 later jobs/))
  assert.equal(watches, 100_000)
  await assert.rejects(second.result({ timeout: 1 }), failsWith('deadline'))
  enqueuer.close()
  await assert.rejects(second.result(), failsWith('closed'))
  assert.equal(watches, 0)
})
