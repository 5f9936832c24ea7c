import assert from 'node:assert/strict'
import test from 'node:test'
import { defineJob } from '../../src/jobs/define-job.ts'
import { EnqueueManyError } from '../../src/jobs/enqueue-many.ts'
import type { StandardSchema } from '../../src/jobs/standard-schema.ts'
import { eventually } from '../../src/testing/contract/waiting.ts'
import { type Enqueueing, enqueueing, failsWith } from './enqueueing.ts'

const perform = (): void => {}
const count = defineJob({ name: 'count', queue: 'counts', perform: (_n: number) => {} })

/** What the application sends, in its order, and what becomes of it. */
function watchSends(
  of: Enqueueing,
  fate: (sent: number) => Error | undefined = () => undefined,
): { sent: number; most: number } {
  const seen = { sent: 0, most: 0 }
  let inFlight = 0
  const send = of.connection.send.bind(of.connection)
  of.connection.send = async (...args) => {
    const error = fate(seen.sent++)
    seen.most = Math.max(seen.most, ++inFlight)
    try {
      const id = await send(...args)
      if (error) throw error
      return id
    } finally {
      inFlight--
    }
  }
  return seen
}

test('a list is enqueued in its order, and each job of it has its handle', async (context) => {
  const of = await enqueueing(context)
  const list = Array.from({ length: 2500 }, (_, n) => n)
  const { confirmed, handles } = await of.app.enqueueMany(count, list, { requestId: 'all' })
  assert.equal(confirmed, 2500)
  const deliveries = await of.taken('counts', 2500)
  assert.deepEqual(
    deliveries.map((delivery) => delivery.json()),
    list,
  )
  assert.deepEqual(
    handles.map(({ id }) => id),
    deliveries.map(({ id }) => id),
  )
  assert.deepEqual(await of.app.enqueueMany(count, []), { confirmed: 0, handles: [] })
})

test('an endless list is taken from only as brokers confirm, a thousand at a time', async (context) => {
  const of = await enqueueing(context)
  const seen = watchSends(of)
  let taken = 0
  const given = new AbortController()
  function* numbers(): Generator<number> {
    for (;;) yield taken++
  }
  of.broker.holdConfirms()
  const sending = of.app.enqueueMany(count, numbers(), { signal: given.signal })
  await eventually('the window is full', () => seen.sent === 1000)
  assert.equal(taken, 1000)
  of.broker.releaseConfirms()
  await eventually('more is taken', () => seen.sent > 5000)
  given.abort()
  await assert.rejects(sending, (error) => {
    assert.ok(error instanceof EnqueueManyError)
    assert.equal(error.code, 'aborted')
    assert.equal(error.taken, error.confirmed + error.failed)
    return true
  })
  assert.equal(seen.most, 1000)
})

test('an async list is enqueued too, and is told when nothing more is wanted of it', async (context) => {
  const of = await enqueueing(context)
  async function* numbers(): AsyncGenerator<number> {
    for (let n = 0; n < 5; n++) yield n
  }
  assert.deepEqual(await of.app.enqueueMany(count, numbers()), { confirmed: 5, handles: [] })
  let isOver = false
  async function* endless(): AsyncGenerator<number> {
    try {
      for (let n = 0; ; n++) yield n
    } finally {
      isOver = true
    }
  }
  watchSends(of, (sent) => (sent === 10 ? new Error('no') : undefined))
  await assert.rejects(of.app.enqueueMany(count, endless()), EnqueueManyError)
  assert.ok(isOver)
})

test('an async list that has nothing to give keeps nobody waiting who gave up, nor a failure', async (context) => {
  const of = await enqueueing(context)
  const given = new AbortController()
  const { promise: never } = Promise.withResolvers<never>()
  async function* stalled(): AsyncGenerator<number> {
    yield 1
    await never
  }
  const seen = watchSends(of)
  const sending = of.app.enqueueMany(count, stalled(), { signal: given.signal })
  await eventually('the first is sent', () => seen.sent === 1)
  given.abort()
  await assert.rejects(sending, (error) => {
    assert.ok(error instanceof EnqueueManyError)
    assert.deepEqual([error.code, error.taken, error.confirmed + error.failed], ['aborted', 1, 1])
    return true
  })
  watchSends(of, () => new Error('no'))
  await assert.rejects(of.app.enqueueMany(count, stalled()), /job 0 of the list: no/)
})

test('after the first failure nothing more is taken, and one error says what became of the rest', async (context) => {
  const of = await enqueueing(context)
  watchSends(of, (sent) => (sent >= 1500 ? new Error('the disk is full') : undefined))
  let taken = 0
  function* numbers(): Generator<number> {
    for (let n = 0; n < 100_000; n++) {
      taken++
      yield n
    }
  }
  await assert.rejects(of.app.enqueueMany(count, numbers()), (error) => {
    assert.ok(error instanceof EnqueueManyError)
    assert.equal(error.confirmed, 1500)
    assert.equal(error.taken, error.confirmed + error.failed)
    assert.ok(error.taken <= 4000 && taken <= error.taken + 1)
    assert.equal(error.failures.length, 100)
    assert.equal(error.failures[0]?.index, 1500)
    assert.match(
      error.message,
      /^1500 enqueued, \d+ failed, and the list was left after \d+: job 1500 of the list: the disk is full$/,
    )
    return true
  })
})

test('arguments that the schema does not want are a failure of the list', async (context) => {
  const of = await enqueueing(context)
  const schema: StandardSchema<number, number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => (value === 2 ? { issues: [{ message: 'not two' }] } : { value: value as number }),
    },
  }
  const picky = defineJob({ name: 'picky', schema, perform })
  const list = Array.from({ length: 1000 }, (_, n) => n)
  for (const each of [list, list.values()])
    await assert.rejects(of.app.enqueueMany(picky, each), (error) => {
      assert.ok(error instanceof EnqueueManyError)
      assert.equal(error.code, 'schema')
      assert.deepEqual([error.failed, error.failures[0]?.index], [1, 2])
      assert.ok(error.taken < 20 && error.confirmed === error.taken - 1, `${error.taken} were taken`)
      return true
    })
})

test('a list that throws itself ends in the same error', async (context) => {
  const of = await enqueueing(context)
  function* broken(): Generator<number> {
    yield 1
    throw new Error('end of file')
  }
  await assert.rejects(of.app.enqueueMany(count, broken()), (error) => {
    assert.ok(error instanceof EnqueueManyError)
    assert.deepEqual([error.confirmed, error.failed, error.taken], [1, 0, 1])
    assert.match(error.message, /end of file/)
    return true
  })
})

test('what cannot hold for many is refused before anything is sent', async (context) => {
  const of = await enqueueing(context)
  const refused = async (options: object, message: RegExp): Promise<void> => {
    await assert.rejects(of.app.enqueueMany(count, [1], options), failsWith('invalid-option', message))
  }
  await refused({ id: 'one' }, /many jobs cannot have one id/)
  await refused({ dedupKey: 'one' }, /many jobs cannot have one dedupKey/)
  await refused({ ttll: 1 }, /did you mean ttl\?/)
  await assert.rejects(of.app.enqueueMany(count, 7 as never), failsWith('invalid-option', /takes an array/))
  assert.equal(of.broker.depth('counts'), 0)
})
