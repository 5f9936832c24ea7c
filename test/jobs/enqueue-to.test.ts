import assert from 'node:assert/strict'
import test from 'node:test'
import { defineJob } from '../../src/jobs/define-job.ts'
import { readEnvelope } from '../../src/jobs/envelope.ts'
import { SendError } from '../../src/errors.ts'
import { enqueueing, failsWith } from './enqueueing.ts'

const perform = (): void => {}
const QUEUE = 'user.account.create.demo'
const TO = 'exchange://user.commands/user.account.create'
const bound = { queues: { [QUEUE]: { bindings: ['exchange://user.commands/user.account.*'] } } }

test('a job that is published to an exchange comes into the queue that is bound to it', async (context) => {
  const of = await enqueueing(context, bound)
  const create = defineJob({ name: 'account.create', queue: QUEUE, to: TO, perform: (_args: { name: string }) => {} })
  const handle = await of.app.enqueue(create, { name: 'ann' })
  const [delivery] = await of.taken(QUEUE)
  assert.deepEqual([delivery?.id, handle.queue], [handle.id, QUEUE])
  assert.equal(readEnvelope(delivery?.headers ?? {}).queue, QUEUE)
})

test('its retry goes to the queue and not to the exchange again, where others are bound too', async (context) => {
  const of = await enqueueing(context, {
    queues: { ...bound.queues, audit: { bindings: ['exchange://user.commands/#'] } },
  })
  await of.connection.declare('audit', { bindings: ['exchange://user.commands/#'] })
  const attempts: number[] = []
  const create = defineJob({
    name: 'account.create',
    queue: QUEUE,
    to: TO,
    retry: { attempts: 2, backoff: { delay: 0 } },
    perform: (_args: string, { attempt }) => {
      if (attempts.push(attempt) === 1) throw new Error('once more')
    },
  })
  const done = Promise.withResolvers<void>()
  const { app } = await of.other({ observer: ({ type }) => void (type === 'succeeded' && done.resolve()) })
  const worker = app.worker({ jobs: [create] })
  await of.app.enqueue(create, 'ann')
  await worker.start()
  await done.promise
  await worker.stop()
  assert.deepEqual(attempts, [1, 2])
  assert.equal((await of.connection.inspect('audit'))?.ready, 1)
})

test('the enqueuer says where it is published; another queue is reached directly', async (context) => {
  const of = await enqueueing(context, bound)
  const plain = defineJob({ name: 'account.create', queue: QUEUE, perform })
  await of.app.enqueue(plain, undefined, { to: TO, id: 'by exchange' })
  await of.app.enqueueMany(plain, [undefined], { to: TO })
  assert.equal((await of.taken(QUEUE, 2))[0]?.id, 'by exchange')
  const routed = defineJob({ name: 'account.create', queue: QUEUE, to: TO, perform })
  await of.app.enqueue(routed, undefined, { queue: 'other', id: 'directly' })
  assert.equal((await of.taken('other'))[0]?.id, 'directly')
})

test('what no queue is bound to is refused by name, and nonsense before it is sent', async (context) => {
  const of = await enqueueing(context)
  const job = defineJob({ name: 'j', perform })
  const returned = of.app.enqueue(job, undefined, { to: 'exchange://nobody/listens' })
  await assert.rejects(returned, (error) => error instanceof SendError && error.outcome === 'returned')
  await assert.rejects(of.app.enqueue(job, undefined, { to: 'exchange://none' }), failsWith('invalid-option'))
  assert.throws(() => defineJob({ name: 'j', to: 'http://x', perform }), failsWith('invalid-option'))
})
