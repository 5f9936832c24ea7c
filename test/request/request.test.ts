import assert from 'node:assert/strict'
import test from 'node:test'
import { RequestError, SendError, UnderstudyError } from '../../src/errors.ts'
import type { Reply } from '../../src/request/reply.ts'
import { settled } from '../support/fake-clock.ts'
import { lost } from '../support/scripted-transport.ts'
import { requesting, requestTo, withCode } from './requesting.ts'

test('a request carries its id and where the answer goes, and resolves with the answer, which is acknowledged', async () => {
  const of = await requesting()
  const answer = of.connection.request('work', { n: 1 }, { headers: { h: 'v' } })
  const request = await requestTo(of)
  assert.match(request.correlationId ?? '', /^[0-9a-f-]{36}$/)
  assert.match(request.replyTo?.name ?? '', /^understudy\.reply\.[0-9a-f-]{36}$/)
  assert.deepEqual(request.headers, { h: 'v' })
  of.reply(request, { sum: 2 }, { kind: 'result', from: 'one', overrides: { contentType: 'application/json' } })
  const reply = await answer
  assert.deepEqual([reply.json(), reply.value(), reply.text()], [{ sum: 2 }, { sum: 2 }, '{"sum":2}'])
  assert.deepEqual([reply.from, reply.kind, reply.requestId, reply.headers], ['one', 'result', request.id, {}])
  assert.deepEqual(of.subscription().settlements, [{ id: 'reply-1', as: 'ack' }])
  await of.connection.close()
})

test('the reply queue is listened on before the first request is sent, and once for all of them', async () => {
  const of = await requesting({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.confirms = true
        link.subscribing = 'mute'
      }
    },
  })
  const answers = [of.connection.request('work', 1), of.connection.request('work', 2)]
  await settled()
  assert.deepEqual(of.sentTo('work'), [])
  of.transport.last.acceptSubscribes()
  await settled()
  const sent = of.sentTo('work')
  assert.equal(sent.length, 2)
  assert.equal(of.transport.links.flatMap(({ subscriptions }) => subscriptions).length, 1)
  for (const request of sent) of.reply(request, request.body.toString())
  assert.deepEqual(await Promise.all(answers.map(async (answer) => (await answer).json())), ['1', '2'])
  await of.connection.close()
})

test('its own reply queue is declared with an expiry where every broker can remove it', async () => {
  const of = await requesting()
  void of.connection.request('work', 1).catch(() => {})
  const { replyTo } = await requestTo(of)
  assert.deepEqual(
    of.transport.links.flatMap(({ declared }) => declared),
    [
      {
        queue: replyTo?.name,
        settings: { expiresAfterMs: 1_800_000, deadLetterTo: { kind: 'queue', name: 'DLQ.understudy.reply' } },
      },
    ],
  )
  await of.connection.close()
})

test('no reply queue is declared where a broker knows no expiry of queues', async () => {
  const of = await requesting({
    before: ({ transport }) => {
      transport.capabilities = { ...transport.capabilities, queueSettings: [] }
    },
  })
  void of.connection.request('work', 1).catch(() => {})
  await requestTo(of)
  assert.deepEqual(
    of.transport.links.flatMap(({ declared }) => declared),
    [],
  )
  await of.connection.close()
})

test('an error reply rejects with the words and the code of the responder', async () => {
  const of = await requesting()
  const answer = of.connection.request('work', 1)
  const request = await requestTo(of)
  of.reply(request, { message: 'no such order', code: 'E_ORDER' }, { kind: 'error', from: 'one' })
  await assert.rejects(answer, (error) => {
    assert.ok(error instanceof RequestError)
    const { code, message, remoteCode, from, requestId } = error
    assert.deepEqual(
      [code, message, remoteCode, from, requestId],
      ['remote', 'no such order', 'E_ORDER', 'one', request.id],
    )
    return true
  })
  await of.connection.close()
})

test('an error reply whose body is no error of ours is an error all the same', async () => {
  const of = await requesting()
  const answer = of.connection.request('work', 1)
  of.reply(await requestTo(of), [7], { kind: 'error', overrides: { body: Buffer.from([0xff]) } })
  await assert.rejects(answer, /failed without a reason/)
  await of.connection.close()
})

test('an unanswered request ends at its deadline and says whether a broker has it', async () => {
  for (const [confirms, known] of [
    [true, /a broker has it/],
    [false, /no broker has confirmed it/],
  ] as const) {
    const of = await requesting({ confirms })
    const answer = assert.rejects(of.connection.request('work', 1, { timeoutMs: 500 }), (error) => {
      return withCode('deadline')(error) && known.test((error as Error).message)
    })
    await requestTo(of)
    await of.clock.advance(499)
    assert.equal(of.connection.requests.open, 1)
    await of.clock.advance(1)
    await answer
    assert.equal(of.connection.requests.open, 0)
    of.producer().confirmAll()
    await of.connection.close()
  }
})

test('the deadline counts from the call, also while no broker has taken the reply queue', async () => {
  const of = await requesting({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribing = 'mute'
      }
    },
  })
  const answer = assert.rejects(of.connection.request('work', 1, { timeoutMs: 500 }), withCode('deadline'))
  await of.clock.advance(500)
  await answer
  of.transport.last.acceptSubscribes()
  await settled()
  assert.deepEqual(of.sentTo('work'), [], 'a request that nobody waits for was sent')
  await of.connection.close()
})

test('a request that no broker confirms rejects with the send error', async () => {
  const of = await requesting({ confirms: false })
  const answer = assert.rejects(of.connection.request('work', 1), (error) => {
    return error instanceof SendError && error.outcome === 'rejected'
  })
  await requestTo(of)
  of.producer().sent[0]?.fail('rejected')
  await answer
  await of.connection.close()
})

test('an answer that comes before the confirm is an answer, and the confirm does not matter any more', async () => {
  const of = await requesting({ confirms: false })
  const answer = of.connection.request('work', 1)
  const request = await requestTo(of)
  of.reply(request, 'done')
  assert.equal((await answer).json(), 'done')
  of.producer().sent[0]?.fail('rejected')
  await settled()
  await of.connection.close()
})

test('progress shows that the request arrived: a lost confirm does not end it any more', async () => {
  const of = await requesting({ confirms: false })
  const answer = of.connection.request('work', 1)
  const request = await requestTo(of)
  of.reply(request, 1, { kind: 'progress', sequence: 1 })
  of.producer().sent[0]?.fail('rejected')
  await settled()
  of.reply(request, 'done', { kind: 'result', sequence: 2 })
  assert.equal((await answer).json(), 'done')
  await of.connection.close()
})

test('progress is handed out in order, copies of it are not, and an observer that throws disturbs nothing', async () => {
  const of = await requesting()
  const seen: unknown[] = []
  const onProgress = (reply: Reply): void => {
    seen.push(reply.json())
    throw new Error('an observer of its own')
  }
  const answer = of.connection.request('work', 1, { onProgress })
  const request = await requestTo(of)
  for (const sequence of [1, 2, 1, 2, 3]) of.reply(request, sequence, { kind: 'progress', from: 'a', sequence })
  of.reply(request, 'done', { kind: 'result', from: 'a', sequence: 4 })
  assert.equal((await answer).json(), 'done')
  assert.deepEqual(seen, [1, 2, 3])
  assert.equal(of.connection.requests.unmatched, 2)
  await of.connection.close()
})

test('an observer of progress that is async and fails is told of in the log, and ends neither request nor process', async () => {
  const told: object[] = []
  const nothing = (): void => {}
  const logger = { debug: nothing, info: nothing, warn: nothing, error: (fields: object) => void told.push(fields) }
  const of = await requesting({ logger })
  const onProgress = (): unknown => settled().then(() => Promise.reject(new Error('the page is gone')))
  const answer = of.connection.request('work', 1, { requestId: 'r', onProgress })
  const request = await requestTo(of)
  of.reply(request, 1, { kind: 'progress', sequence: 1 })
  of.reply(request, 'done', { kind: 'result', sequence: 2 })
  assert.equal((await answer).json(), 'done')
  await settled()
  await settled()
  assert.deepEqual(told, [{ requestId: 'r', error: 'the page is gone' }])
  await of.connection.close()
})

test('replies that nobody waits for are acknowledged, counted and told of once in a while', async () => {
  const told: object[] = []
  const nothing = (): void => {}
  const info = (fields: object, message: string): void => {
    if (message.includes('nobody waits for')) told.push(fields)
  }
  const logger = { debug: nothing, info, warn: nothing, error: nothing }
  const of = await requesting({ logger })
  const answer = of.connection.request('work', 1)
  const request = await requestTo(of)
  of.reply(request, 'done')
  await answer
  of.reply(request, 'again')
  of.reply(request, 'of an unknown id', { overrides: { correlationId: 'who' } })
  of.reply(request, 'of no id', { overrides: { correlationId: undefined } })
  await settled()
  assert.equal(of.connection.requests.unmatched, 3)
  assert.deepEqual(
    of.subscription().settlements.map(({ as }) => as),
    ['ack', 'ack', 'ack', 'ack'],
  )
  assert.equal(told.length, 1)
  await of.clock.advance(10_000)
  of.reply(request, 'again')
  assert.equal(told.length, 2)
  await of.connection.close()
})

test('a signal ends a request, and leaves no listener on itself', async () => {
  const of = await requesting()
  const stop = new AbortController()
  let listeners = 0
  const { signal } = stop
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...args: Parameters<typeof add>): void => {
    listeners++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
    listeners--
    remove(...args)
  }
  const first = of.connection.request('work', 1, { signal })
  of.reply(await requestTo(of), 'done')
  await first
  await settled()
  assert.equal(listeners, 0)
  const second = assert.rejects(of.connection.request('work', 1, { signal }), withCode('aborted'))
  await settled()
  stop.abort()
  await second
  await assert.rejects(of.connection.request('work', 1, { signal }), withCode('aborted'))
  assert.equal(of.sentTo('work').length, 2)
  await of.connection.close()
})

test('close ends open requests, and later ones at once', async () => {
  const of = await requesting()
  const answer = assert.rejects(of.connection.request('work', 1), withCode('closed'))
  await requestTo(of)
  await of.connection.close()
  await answer
  await assert.rejects(of.connection.request('work', 1), withCode('closed'))
  assert.equal(of.clock.pending, 0, 'a timer is left')
})

test('as many requests as may be are open, and the next one is refused', async () => {
  const of = await requesting({ maxOpenRequests: 2 })
  const open = [of.connection.request('work', 1), of.connection.request('work', 2)]
  await assert.rejects(of.connection.request('work', 3), withCode('pending-full'))
  of.reply(await requestTo(of), 'done')
  await open[1]
  const third = of.connection.request('work', 3)
  const closed = [open[0], third].map((answer) => assert.rejects(answer ?? Promise.resolve(), withCode('closed')))
  await settled()
  await of.connection.close()
  await Promise.all(closed)
})

for (const [name, destination, options] of [
  ['a timeout of 0', 'work', { timeoutMs: 0 }],
  ['a timeout without an end', 'work', { timeoutMs: Number.POSITIVE_INFINITY }],
  ['an empty id', 'work', { requestId: '' }],
  ['a reply topic', 'work', { replyTo: 'topic://answers' }],
  ['a destination of an unknown kind', 'bucket://work', {}],
  ['a priority of 10', 'work', { priority: 10 }],
] as const) {
  test(`${name} is refused before anything is sent`, async () => {
    const of = await requesting()
    await assert.rejects(of.connection.request(destination, 1, options), withCode('invalid-option'))
    assert.equal(of.connection.requests.open, 0)
    assert.deepEqual(of.producer().sent, [])
    await of.connection.close()
  })
}

test('an id that is open already is refused', async () => {
  const of = await requesting()
  const first = of.connection.request('work', 1, { requestId: 'mine' })
  await assert.rejects(of.connection.request('work', 1, { requestId: 'mine' }), withCode('invalid-option'))
  of.reply(await requestTo(of), 'done')
  assert.equal((await first).requestId, 'mine')
  await of.connection.close()
})

test('a reply queue that the broker refuses ends the requests that wait for it, and the next one asks anew', async () => {
  const refused = new UnderstudyError('authentication', 'no right to listen there')
  let answer: 'accept' | UnderstudyError = refused
  const of = await requesting({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.confirms = true
        Object.defineProperty(link, 'subscribing', { get: () => answer })
      }
    },
  })
  await assert.rejects(of.connection.request('work', 1), withCode('authentication'))
  answer = 'accept'
  const second = of.connection.request('work', 1)
  of.reply(await requestTo(of), 'done')
  assert.equal((await second).json(), 'done')
  await of.connection.close()
})

test('requests end with the reason when no broker will come any more', async () => {
  const of = await requesting({ uri: 'failover:(stomp://a)?maxReconnectAttempts=0&startupMaxReconnectAttempts=0' })
  const answer = assert.rejects(of.connection.request('work', 1), withCode('attempts-exhausted'))
  await requestTo(of)
  of.transport.answer('a', 'refuse')
  for (const link of of.transport.links) link.die(lost())
  await of.clock.advance(1000)
  await answer
  await of.connection.close()
})

test('an answer that comes after a failover finds its request', async () => {
  const of = await requesting()
  const answer = of.connection.request('work', 1, { timeoutMs: 60_000 })
  const request = await requestTo(of)
  for (const link of of.transport.links) link.die(lost())
  await of.clock.advance(5000)
  of.reply(request, 'done')
  assert.equal((await answer).json(), 'done')
  await of.connection.close()
})

test('close lets a handler have the answer that it waits for; requests of nobody else’s end with it', async () => {
  const of = await requesting()
  const listener = of.connection.listen('jobs', async (delivery) => {
    const reply = await of.connection.request('work', 1)
    await of.connection.send('done', reply.json<number>())
    await delivery.ack()
  })
  await listener.ready
  const jobs = of.subscription('jobs')
  jobs.deliver('one')
  const request = await requestTo(of)
  const closing = of.connection.close()
  await settled()
  of.reply(request, 42)
  await closing
  assert.deepEqual(
    of.sentTo('done').map(({ body }) => body.toString()),
    ['42'],
  )
  assert.deepEqual(jobs.settlements, [{ id: 'one', as: 'ack' }])
  assert.equal(of.clock.pending, 0)
})
