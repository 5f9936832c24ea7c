import assert from 'node:assert/strict'
import test from 'node:test'
import type { IncomingMessage } from '../../src/transport/message.ts'
import type { RequestHandler } from '../../src/request/incoming-request.ts'
import type { Responder, ResponderOptions } from '../../src/request/responder.ts'
import { settled } from '../support/fake-clock.ts'
import { lost, type ScriptedSubscription } from '../support/scripted-transport.ts'
import { requesting, type Requesting, withCode } from './requesting.ts'

interface Responding extends Requesting {
  readonly responder: Responder
  readonly work: ScriptedSubscription
  /** Delivers a request. */
  readonly ask: (id: string, given?: Partial<IncomingMessage>) => Promise<void>
  /** The replies that were sent, as kind, sequence and body. */
  readonly replies: () => unknown[]
}

interface Given extends ResponderOptions {
  readonly confirms?: boolean
  readonly destination?: string
  readonly uri?: string
}

async function responding(handler: RequestHandler, given: Given = {}): Promise<Responding> {
  const { confirms = true, destination = 'work', uri, ...options } = given
  const of = await requesting({ confirms, ...(uri === undefined ? {} : { uri }) })
  const responder = of.connection.respond(destination, handler, { name: 'slave-1', ...options })
  await responder.ready
  const work = of.subscription('work')
  return {
    ...of,
    responder,
    work,
    ask: async (id, overrides = {}) => {
      work.deliver(id, {
        correlationId: id,
        replyTo: { kind: 'queue', name: 'answers' },
        body: Buffer.from('{"n":1}'),
        ...overrides,
      })
      await settled()
    },
    replies: () =>
      of
        .sentTo('answers')
        .map(({ headers, body, contentType }) => [
          headers['understudy-reply'],
          Number(headers['understudy-reply-sequence']),
          contentType === 'application/json' ? JSON.parse(body.toString()) : body.toString(),
        ]),
  }
}

test('the answer goes where the request wants it, with its id and the name of the responder', async () => {
  const of = await responding((request) => ({ sum: request.json<{ n: number }>().n + 1 }))
  await of.ask('r-1')
  const [answer] = of.sentTo('answers')
  assert.equal(answer?.correlationId, 'r-1')
  assert.equal(answer?.headers['understudy-reply-from'], 'slave-1')
  assert.equal(answer?.persistent, true)
  assert.equal(answer?.replyTo, undefined)
  assert.deepEqual(of.replies(), [['result', 1, { sum: 2 }]])
  assert.deepEqual(of.work.settlements, [{ id: 'r-1', as: 'ack' }])
  assert.deepEqual(of.responder.counts, { answered: 1, failed: 0, unwanted: 0, undeliverable: 0 })
  await of.connection.close()
})

test('a request is acknowledged after its answer is confirmed, and not before', async () => {
  const of = await responding(() => 'done', { confirms: false })
  await of.ask('r-1')
  assert.equal(of.sentTo('answers').length, 1)
  assert.deepEqual(of.work.settlements, [])
  of.producer().confirmAll()
  await settled()
  assert.deepEqual(of.work.settlements, [{ id: 'r-1', as: 'ack' }])
  await of.connection.close()
})

test('progress comes in order before the result, whether it is waited for or not', async () => {
  const of = await responding(async (request) => {
    await request.progress({ done: 10 })
    void request.progress({ done: 50 })
    void request.progress({ done: 90 })
    return 'done'
  })
  await of.ask('r-1')
  assert.deepEqual(of.replies(), [
    ['progress', 1, { done: 10 }],
    ['progress', 2, { done: 50 }],
    ['progress', 3, { done: 90 }],
    ['result', 4, 'done'],
  ])
  await of.connection.close()
})

test('the result waits for the confirm of the progress before it', async () => {
  const of = await responding(
    (request) => {
      void request.progress(1)
      return 'done'
    },
    { confirms: false },
  )
  await of.ask('r-1')
  assert.deepEqual(of.replies(), [['progress', 1, 1]])
  of.producer().confirmAll()
  await settled()
  assert.equal(of.replies().length, 2)
  of.producer().confirmAll()
  await settled()
  await of.connection.close()
})

test('progress after the answer is refused', async () => {
  let late: Promise<void> | undefined
  const of = await responding((request) => {
    setImmediate(() => {
      late = request.progress('too late')
    })
    return 'done'
  })
  await of.ask('r-1')
  assert.ok(late)
  await assert.rejects(late, withCode('already-settled'))
  assert.equal(of.replies().length, 1)
  await of.connection.close()
})

test('what a handler throws is the answer: its message and code, no stack', async () => {
  const of = await responding(() => {
    throw Object.assign(new Error('no such order'), { code: 'E_ORDER' })
  })
  await of.ask('r-1')
  assert.deepEqual(of.replies(), [['error', 1, { message: 'no such order', code: 'E_ORDER' }]])
  assert.deepEqual(of.work.settlements, [{ id: 'r-1', as: 'ack' }])
  assert.deepEqual(of.responder.counts, { answered: 1, failed: 1, unwanted: 0, undeliverable: 0 })
  await of.connection.close()
})

test('whatever is thrown or returned, there is one answer, and its words stay small', async () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const outcomes: (() => unknown)[] = [
    () => cycle,
    () => () => 'a function',
    () => Promise.reject(new Error('x'.repeat(100_000))),
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors
    () => Promise.reject(undefined),
    () => undefined,
  ]
  const of = await responding(() => outcomes.shift()?.() as object)
  for (const id of ['1', '2', '3', '4', '5']) await of.ask(id)
  assert.deepEqual(
    of.sentTo('answers').map(({ headers }) => headers['understudy-reply']),
    ['error', 'error', 'error', 'error', 'result'],
  )
  assert.ok(of.sentTo('answers').every(({ body }) => body.length < 1100))
  assert.equal(of.sentTo('answers').at(-1)?.body.toString(), 'null')
  assert.equal(of.work.settlements.length, 5)
  await of.connection.close()
})

test('a request that wants no answer is handled and its result dropped and counted', async () => {
  let handled = 0
  const of = await responding(async (request) => {
    await request.progress(1)
    handled++
    return 'done'
  })
  await of.ask('r-1', { replyTo: undefined })
  assert.equal(handled, 1)
  assert.deepEqual(of.responder.counts, { answered: 0, failed: 0, unwanted: 1, undeliverable: 0 })
  assert.deepEqual(of.work.settlements, [{ id: 'r-1', as: 'ack' }])
  await of.connection.close()
})

test('a request without an id of its own is answered with the id of its message', async () => {
  const of = await responding(() => 'done')
  await of.ask('m-1', { correlationId: undefined })
  assert.equal(of.sentTo('answers')[0]?.correlationId, 'm-1')
  await of.connection.close()
})

test('an answer that the broker refuses is offered again, and the work is not done again', async () => {
  let handled = 0
  const of = await responding(() => `done ${++handled}`, { confirms: false })
  await of.ask('r-1')
  const refuse = async (): Promise<void> => {
    for (const send of of.producer().sent) send.fail('rejected')
    await settled()
    await of.clock.advance(1000)
  }
  for (let time = 0; time < 3; time++) await refuse()
  of.producer().confirmAll()
  await settled()
  assert.equal(handled, 1)
  assert.deepEqual(of.responder.counts, { answered: 1, failed: 0, unwanted: 0, undeliverable: 0 })
  await of.ask('r-2')
  for (let time = 0; time < 10; time++) await refuse()
  assert.equal(handled, 2)
  assert.deepEqual(of.responder.counts, { answered: 1, failed: 0, unwanted: 0, undeliverable: 1 })
  assert.deepEqual(
    of.work.settlements.map(({ id, as }) => `${id} ${as}`),
    ['r-1 ack', 'r-2 ack'],
  )
  await of.connection.close()
})

test('an answer that a broker refuses for now all the time is dropped after one retryThreshold and ten seconds', async () => {
  for (const [retryThreshold, atMost] of [
    [60_000, 60_000],
    [4000, 14_000],
  ] as const) {
    const of = await responding(() => 'done', {
      confirms: false,
      uri: `failover:(stomp://a)?retryThreshold=${retryThreshold}`,
    })
    const link = of.producer()
    const take = link.send.bind(link)
    link.send = (message, attempt) => {
      const answer = take(message, attempt)
      link.sent.at(-1)?.fail('rejected', { retriable: true, forNow: true })
      return answer
    }
    await of.ask('r-1')
    let waitedMs = 0
    for (; of.work.settlements.length === 0 && waitedMs < 700_000; waitedMs += 500) await of.clock.advance(500)
    assert.equal(of.responder.counts.undeliverable, 1)
    assert.ok(waitedMs >= 10_000 - 1000 && waitedMs <= atMost + 500, `${waitedMs} ms`)
    await of.connection.close()
  }
})

test('an answer that is refused is offered once more when its responder ends, and not without end', async () => {
  const of = await responding(() => 'done', { confirms: false })
  const link = of.producer()
  const take = link.send.bind(link)
  link.send = (message, attempt) => {
    assert.ok(link.sent.length < 50, 'it is offered again and again, without a pause')
    const answer = take(message, attempt)
    link.sent.at(-1)?.fail('rejected')
    return answer
  }
  await of.ask('r-1')
  const before = link.sent.length
  await of.responder.close(AbortSignal.abort())
  await settled()
  assert.equal(link.sent.length, before + 1)
  await of.connection.close()
  assert.equal(of.clock.pending, 0)
})

test('a request whose answer was not confirmed goes back after a pause; one from a topic cannot', async () => {
  for (const [destination, kind, as] of [
    ['work', 'queue', 'requeue'],
    ['topic://work', 'topic', 'ack'],
  ] as const) {
    const of = await responding(() => 'done', { confirms: false, destination })
    await of.ask('r-1', { destination: { kind, name: 'work' } })
    of.producer().sent[0]?.fail('unknown', { retriable: false })
    await settled()
    await of.clock.advance(1000)
    assert.deepEqual(of.work.settlements, [{ id: 'r-1', as }])
    await of.connection.close()
  }
})

test('a signal closes it, as close does', async () => {
  const caller = new AbortController()
  const release = Promise.withResolvers<void>()
  const { ask, replies, work } = await responding(() => release.promise, { signal: caller.signal })
  await ask('one')
  caller.abort()
  await settled()
  assert.ok(!work.cancelled)
  release.resolve()
  await settled()
  assert.equal(replies().length, 1)
  assert.ok(work.cancelled)
})

test('close answers what is in hand and takes nothing more', async () => {
  let finish: (value: string) => void = () => {}
  const of = await responding(() => new Promise<string>((resolve) => (finish = resolve)))
  await of.ask('r-1')
  let closed = false
  const closing = of.connection.close().then(() => {
    closed = true
  })
  await of.ask('r-2')
  assert.equal(closed, false)
  finish('done')
  await closing
  assert.deepEqual(of.replies(), [['result', 1, 'done']])
  assert.deepEqual(of.work.settlements, [{ id: 'r-1', as: 'ack' }])
  assert.equal(of.clock.pending, 0)
})

test('an answer survives the loss of the link that brought the request, which may come again', async () => {
  let finish: (value: string) => void = () => {}
  const of = await responding(() => new Promise<string>((resolve) => (finish = resolve)))
  await of.ask('r-1')
  for (const link of of.transport.links) link.die(lost())
  await of.clock.advance(5000)
  finish('done')
  await settled()
  assert.deepEqual(of.replies(), [['result', 1, 'done']])
  assert.deepEqual(of.work.settlements, [], 'a delivery of a lost link was settled')
  await of.connection.close()
})

test('a close that waits for nothing leaves no timer of an answer that is to be offered again', async () => {
  const of = await responding(() => 1, { confirms: false })
  await of.ask('one')
  of.producer().sent.at(-1)?.fail('returned')
  await settled()
  await of.connection.close(AbortSignal.abort())
  await settled()
  assert.equal(of.clock.pending, 0)
})
