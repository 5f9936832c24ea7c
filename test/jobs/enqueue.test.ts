import assert from 'node:assert/strict'
import test from 'node:test'
import { SendError } from '../../src/errors.ts'
import { connect } from '../../src/connect.ts'
import { createApp } from '../../src/jobs/app.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { applicationHeaders, readEnvelope } from '../../src/jobs/envelope.ts'
import type { JobEvent } from '../../src/jobs/job-events.ts'
import { bytesSerializer, type Serializer } from '../../src/jobs/serializer.ts'
import type { StandardSchema } from '../../src/jobs/standard-schema.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { enqueueing, failsWith } from './enqueueing.ts'

const perform = (): void => {}
const mail = defineJob({ name: 'mail.send', queue: 'mails', perform: (_args: { to: string }) => {} })

test('a job is a message: its arguments are the body, everything else is in the headers', async (context) => {
  const events: JobEvent[] = []
  const clock = new FakeClock()
  const of = await enqueueing(context, { clock, observer: (event) => events.push(event) })
  const handle = await of.app.enqueue(mail, { to: 'ann' }, { requestId: 'r-1', headers: { tenant: 'a' }, priority: 7 })
  const [delivery] = await of.taken('mails')
  assert.ok(delivery)
  assert.deepEqual([delivery.id, handle.id], [handle.id, delivery.id])
  assert.match(handle.id, /^[0-9a-f-]{36}$/)
  assert.deepEqual([handle.job, handle.queue], ['mail.send', 'mails'])
  assert.deepEqual([delivery.contentType, delivery.json()], ['application/json', { to: 'ann' }])
  assert.deepEqual(applicationHeaders(delivery.headers), { tenant: 'a' })
  assert.deepEqual(readEnvelope(delivery.headers), {
    job: 'mail.send',
    queue: 'mails',
    attempt: 1,
    requeues: 0,
    enqueuedAt: clock.wallTime(),
    dueAt: undefined,
    expiresAt: undefined,
    priority: 7,
    preview: '{"to":"ann"}',
    requestId: 'r-1',
    dedupKey: undefined,
    history: [],
  })
  assert.deepEqual([delivery.correlationId, delivery.replyTo], ['r-1', undefined])
  assert.deepEqual(events, [{ type: 'enqueued', queue: 'mails', job: 'mail.send', jobId: handle.id }])
})

test('a job goes to another queue, and has the id, that the enqueuer says', async (context) => {
  const of = await enqueueing(context)
  const handle = await of.app.enqueue(mail, { to: 'bob' }, { queue: 'queue://urgent', id: 'mine' })
  const [delivery] = await of.taken('urgent')
  assert.deepEqual([handle.id, handle.queue, delivery?.id], ['mine', 'urgent', 'mine'])
  assert.equal(readEnvelope(delivery?.headers ?? {}).queue, 'urgent')
})

test('one key is one id, of one job on one queue alone', async (context) => {
  const of = await enqueueing(context)
  const other = defineJob({ name: 'mail.other', queue: 'mails', perform: (_args: { to: string }) => {} })
  const idOf = async (job: typeof mail, options: object): Promise<string> =>
    (await of.app.enqueue(job, { to: 'ann' }, options)).id
  const id = await idOf(mail, { dedupKey: 'ann:today' })
  assert.match(id, /^dedup-[0-9a-f]{40}$/)
  assert.equal(await idOf(mail, { dedupKey: 'ann:today' }), id)
  const others = [
    await idOf(mail, { dedupKey: 'ann:tomorrow' }),
    await idOf(mail, { dedupKey: 'ann:today', queue: 'urgent' }),
    await idOf(other, { dedupKey: 'ann:today' }),
  ]
  assert.equal(new Set([id, ...others]).size, 4)
})

test('a time to live is told to the broker and to the worker; after a delay to the worker alone', async (context) => {
  const clock = new FakeClock()
  const of = await enqueueing(context, { clock })
  const sent: object[] = []
  const { connection } = of
  const send = connection.send.bind(connection)
  connection.send = (destination, payload, options) => {
    sent.push({ expireAfterMs: options?.expireAfterMs, delayMs: options?.delayMs })
    const { delayMs: _delay, ...rest } = options ?? {}
    return send(destination, payload, rest)
  }
  const now = clock.wallTime()
  await of.app.enqueue(mail, { to: 'ann' }, { ttl: 60_000 })
  await of.app.enqueue(mail, { to: 'ann' }, { ttl: 60_000, delay: 5000 })
  await of.app.enqueue(mail, { to: 'ann' }, { delay: 0 })
  assert.deepEqual(sent, [
    { expireAfterMs: 60_000, delayMs: undefined },
    { expireAfterMs: undefined, delayMs: 5000 },
    { expireAfterMs: undefined, delayMs: undefined },
  ])
  const [plain, delayed, atOnce] = (await of.taken('mails', 3)).map(({ headers }) => readEnvelope(headers))
  assert.deepEqual([plain?.expiresAt, plain?.dueAt], [now + 60_000, undefined])
  assert.deepEqual([delayed?.expiresAt, delayed?.dueAt], [now + 65_000, now + 5000])
  assert.deepEqual([atOnce?.expiresAt, atOnce?.dueAt], [undefined, undefined])
})

test('arguments of every kind arrive as they were, by the serializer of the job', async (context) => {
  const reversed: Serializer = {
    contentType: 'application/x-reversed',
    encode: (value) => Uint8Array.from(Buffer.from(String(value))).toReversed(),
    decode: (bytes) => Buffer.from(Uint8Array.from(bytes).toReversed()).toString(),
  }
  const of = await enqueueing(context)
  const own = await of.other()
  const json = defineJob({ name: 'json', perform })
  const bytes = defineJob({ name: 'bytes', serializer: bytesSerializer, perform: (_args: Uint8Array) => {} })
  const reverse = defineJob({ name: 'reverse', serializer: reversed, perform: (_args: string) => {} })
  await own.app.enqueue(json, null)
  await own.app.enqueue(json, undefined)
  await own.app.enqueue(json, 'text')
  await own.app.enqueue(bytes, new Uint8Array([0, 1, 255]))
  await own.app.enqueue(reverse, 'abc')
  const got = (await of.taken('jobs', 5)).map(({ contentType, bytes: body }) => [contentType, body.toString('latin1')])
  assert.deepEqual(got, [
    ['application/json', 'null'],
    ['application/json', ''],
    ['application/json', '"text"'],
    ['application/octet-stream', '\0\u0001\u00ff'],
    ['application/x-reversed', 'cba'],
  ])
})

test('a codec of the connection does not write once more what the serializer has written', async (context) => {
  const shout: Serializer = {
    contentType: 'text/shout',
    encode: (value) => Buffer.from(`${String(value)}!`),
    decode: (bytes) => bytes.toString(),
  }
  const of = await enqueueing(context)
  await using connection = await connect(`memory://${of.broker.name}`, { codecs: [shout] })
  await using app = createApp({ connection })
  await app.enqueue(defineJob({ name: 'shout', serializer: shout, perform }), 'hey')
  assert.equal((await of.taken('jobs'))[0]?.bytes.toString(), 'hey!')
})

test('the schema checks what is enqueued, and what it makes of it is for the worker alone', async (context) => {
  const schema: StandardSchema<{ at: string }, { at: Date }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value) => {
        const { at } = value as { at: string }
        return Number.isNaN(Date.parse(at))
          ? { issues: [{ message: 'is no date', path: ['at'] }] }
          : { value: { at: new Date(at) } }
      },
    },
  }
  const of = await enqueueing(context)
  const remind = defineJob({ name: 'remind', schema, preview: ({ at }) => `at ${at.getUTCFullYear()}`, perform })
  await assert.rejects(
    of.app.enqueue(remind, { at: 'soon' }),
    failsWith('schema', /arguments of job remind: at: is no date/),
  )
  await of.app.enqueue(remind, { at: '2026-01-02' })
  const [delivery] = await of.taken('jobs')
  assert.deepEqual(delivery?.json(), { at: '2026-01-02' })
  assert.equal(readEnvelope(delivery.headers).preview, 'at 2026')
})

test('an option that cannot be is named, and nothing is sent', async (context) => {
  const of = await enqueueing(context)
  const refused = async (options: object, message: RegExp, code = 'invalid-option'): Promise<void> => {
    await assert.rejects(
      of.app.enqueue(mail, { to: 'ann' }, options),
      failsWith(code, message),
      JSON.stringify(options),
    )
  }
  await refused({ dely: 5 }, /unknown enqueue option "dely"; did you mean delay\?/)
  for (const delay of [-1, Number.NaN, '5']) await refused({ delay }, /delay must be milliseconds from 0 on/)
  for (const ttl of [0, -1, Number.POSITIVE_INFINITY]) await refused({ ttl }, /ttl must be milliseconds above 0/)
  for (const priority of [-1, 10, 1.5]) await refused({ priority }, /priority must be a whole number from 0 to 9/)
  for (const text of ['', 'a\nb', 7]) {
    await refused({ requestId: text }, /requestId must be a text of 1 to 200/)
    await refused({ dedupKey: text }, /dedupKey must be a text of 1 to 1000/)
    await refused({ id: text }, /id must be a text of 1 to 200/)
  }
  await refused({ id: 'a', dedupKey: 'b' }, /give one of the two/)
  await refused({ headers: { 'Understudy-x': 'y' } }, /names of understudy- are not yours/)
  await refused({ headers: { n: 1 } }, /header "n" must be text, not number/)
  await refused({ queue: 'topic://all' }, /jobs go to queues, not to topics/)
  await refused({ result: 'yes' }, /result must be true or false/)
  await assert.rejects(of.app.enqueue({} as never, 1), failsWith('invalid-option', /that defineJob\(\) made/))
  await assert.rejects(of.app.enqueue(mail, 1n as never), failsWith('invalid-option', /cannot be written/))
  assert.equal(of.broker.depth('mails'), 0)
})

test('an application is told apart from what is none, and its options are checked', async (context) => {
  const { connection } = await enqueueing(context)
  assert.throws(() => createApp({ connection: {} as never }), failsWith('invalid-option', /connection must be one/))
  assert.throws(
    () => createApp({ connection, result: 1 } as never),
    failsWith('invalid-option', /did you mean results\?/),
  )
  assert.throws(() => createApp({ connection, queues: { 'topic://x': {} } }), failsWith('invalid-option', /queues/))
})

test('a job that no broker confirms says what is known of it', async (context) => {
  const of = await enqueueing(context, {}, '&retryThreshold=50')
  of.broker.holdConfirms()
  await assert.rejects(of.app.enqueue(mail, { to: 'ann' }), (error) => {
    assert.ok(error instanceof SendError)
    assert.equal(error.outcome, 'unknown')
    return true
  })
})

test('a queue of which something is said is declared so before the first job, and once', async (context) => {
  const of = await enqueueing(context, { queues: { mails: { maxLength: 2 } } })
  const declared: unknown[] = []
  const { connection } = of
  const declare = connection.declare.bind(connection)
  connection.declare = async (queue, settings) => {
    declared.push([queue, settings, of.broker.depth('mails')])
    await declare(queue, settings)
  }
  await Promise.all(['a', 'b'].map((to) => of.app.enqueue(mail, { to })))
  await of.app.enqueue(mail, { to: 'c' }, { queue: 'others' })
  assert.deepEqual(declared, [['queue://mails', { maxLength: 2 }, 0]])
  await of.app.enqueue(mail, { to: 'd' }, { queue: 'others' })
})

const FAILING_OBSERVERS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error('observer')
  },
  'is async and fails': async () => await Promise.reject(new Error('observer')),
}

for (const [what, observer] of Object.entries(FAILING_OBSERVERS)) {
  test(`an observer that ${what} disturbs no job and no process`, async (context) => {
    const errors: object[] = []
    const quiet = (): void => {}
    const logger = { debug: quiet, info: quiet, warn: quiet, error: (fields: object) => errors.push(fields) }
    const of = await enqueueing(context, { observer: () => observer(), logger })
    await of.app.enqueue(mail, { to: 'ann' })
    await settled()
    assert.deepEqual(errors, [{ event: 'enqueued', error: 'observer' }])
  })
}

test('an application that was closed takes no job, and leaves the connection open', async (context) => {
  const of = await enqueueing(context)
  await of.app.close()
  await of.app.close()
  await assert.rejects(of.app.enqueue(mail, { to: 'ann' }), failsWith('closed'))
  await of.connection.send('mails', 'still open')
})

test('what a job is enqueued with and what comes of it have the types of its definition', async (context) => {
  const of = await enqueueing(context)
  const length = defineJob({ name: 'length', perform: (text: string) => text.length })
  const handle = await of.app.enqueue(length, 'four')
  const typed = async (): Promise<number> => await handle.result()
  await assert.rejects(typed(), failsWith('unsupported'))
  // @ts-expect-error a number is no text
  await of.app.enqueue(length, 4)
  // @ts-expect-error nor is a list of them a list of texts
  await of.app.enqueueMany(length, [4])
})
