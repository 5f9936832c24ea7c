import assert from 'node:assert/strict'
import test from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { SendError, UnderstudyError } from '../../../src/errors.ts'
import { replyResults } from '../../../src/jobs/results/reply.ts'
import type { JobState, ResultsHost, ResultsSession } from '../../../src/jobs/results/results.ts'
import type { ReplyHearer } from '../../../src/request/requests.ts'
import { failsWith } from '../enqueueing.ts'

interface Scripted {
  readonly session: ResultsSession
  readonly sent: { readonly destination: string; readonly options: object }[]
  readonly hearers: ReplyHearer[]
  stopped: number
}

/** A session whose connection answers as it is told. */
async function scripted(given: Partial<Pick<ResultsHost, 'send' | 'hearReplies'>> = {}): Promise<Scripted> {
  const of = { sent: [] as Scripted['sent'], hearers: [] as ReplyHearer[], stopped: 0 }
  const session = await replyResults({ ttl: 5000 }).open({
    name: 'app',
    clock: systemClock,
    send: async (destination, _payload, options) => of.sent.push({ destination, options }),
    replyTo: 'queue://mine',
    hearReplies: async (hearer) => {
      of.hearers.push(hearer)
      return () => of.stopped++
    },
    ...given,
  })
  return Object.assign(of, { session })
}

const DONE: JobState = { kind: 'succeeded', value: 1, at: 1 }
const address = { jobId: 'job', replyTo: 'queue://enqueuer' }
const nothing = (): void => {}

const sendError = (outcome: SendError['outcome']): SendError =>
  new SendError(outcome === 'unknown' ? 'unconfirmed' : outcome, `it was ${outcome}`, {
    outcome,
    messageId: 'm',
    attempts: 1,
  })

test('a state is sent as a reply of its job, for as long as it is worth', async () => {
  const of = await scripted()
  await of.session.put(address, { kind: 'progress', percent: 1, message: 'x', at: 1 })
  await of.session.put(address, DONE)
  await of.session.put({ jobId: 'other', replyTo: undefined }, DONE)
  assert.deepEqual(
    of.sent.map(({ destination }) => destination),
    ['queue://enqueuer', 'queue://enqueuer'],
  )
  const headers = of.sent.map(({ options }) => (options as { headers: Record<string, string> }).headers)
  assert.deepEqual(
    headers.map((each) => [each['understudy-reply'], each['understudy-reply-sequence']]),
    [
      ['progress', '1'],
      ['result', '2'],
    ],
  )
  const rest = { ...of.sent[0]?.options, headers: undefined }
  assert.deepEqual(rest, { correlationId: 'job', expireAfterMs: 5000, headers: undefined })
})

test('a reply queue that is gone is nobody who waits; a broker that does not answer is tried again', async () => {
  for (const outcome of ['returned', 'rejected'] as const)
    await (await scripted({ send: () => Promise.reject(sendError(outcome)) })).session.put(address, DONE)
  for (const outcome of ['unknown', 'not-sent'] as const) {
    const { session } = await scripted({ send: () => Promise.reject(sendError(outcome)) })
    await assert.rejects(session.put(address, DONE), (error) => {
      assert.ok(failsWith('storage', /job job could not be told to queue:\/\/enqueuer: it was/)(error))
      return (error as UnderstudyError).retriable
    })
  }
})

test('an address that the brokers do not know is not tried again', async () => {
  const unsupported = new UnderstudyError('unsupported', 'stomp: has no exchanges')
  const { session } = await scripted({ send: () => Promise.reject(unsupported) })
  await assert.rejects(session.put(address, DONE), unsupported)
})

test('replies are listened to when the first job is watched, once', async () => {
  const of = await scripted()
  assert.equal(of.session.replyTo, 'queue://mine')
  assert.equal(of.hearers.length, 0)
  await Promise.all([of.session.watch('a', nothing, nothing), of.session.watch('b', nothing, nothing)])
  assert.equal(of.hearers.length, 1)
  await of.session.close()
  await of.session.close()
  assert.equal(of.stopped, 1)
  await assert.rejects(of.session.watch('c', nothing, nothing), failsWith('closed'))
})

test('a refused subscription is asked for anew by who comes next', async () => {
  let asked = 0
  const of = await scripted({
    hearReplies: async () => {
      if (++asked === 1) throw new UnderstudyError('rejected', 'not allowed')
      return nothing
    },
  })
  await assert.rejects(of.session.watch('a', nothing, nothing), failsWith('rejected'))
  await of.session.watch('b', nothing, nothing)
  assert.equal(asked, 2)
})

test('who is watched is told when the replies end, and the next watch listens again', async () => {
  const of = await scripted()
  const ended: UnderstudyError[] = []
  await of.session.watch('a', nothing, (error) => ended.push(error))
  const left = await of.session.watch('b', nothing, () => assert.fail('nobody watches it'))
  left.close()
  of.hearers[0]?.ended(new UnderstudyError('authentication', 'no longer'))
  assert.deepEqual(
    ended.map(({ code }) => code),
    ['authentication'],
  )
  await of.session.watch('c', nothing, nothing)
  assert.equal(of.hearers.length, 2)
})
