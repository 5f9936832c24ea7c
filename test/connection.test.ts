import assert from 'node:assert/strict'
import test from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SendError, UnderstudyError } from '../src/errors.ts'
import type { Connection } from '../src/connection.ts'
import type { Listener } from '../src/listener/listener.ts'
import { connectionOf, failureOf, type Parts, type PartsOptions, parts, TWO, watch } from './support/client-parts.ts'
import { settled } from './support/fake-clock.ts'
import type { ScriptedLink } from './support/scripted-transport.ts'

const never = new AbortController().signal

async function connected(options: PartsOptions = {}): Promise<Parts & { connection: Connection; link: ScriptedLink }> {
  const of = parts(options)
  const connection = connectionOf(of)
  await connection.connected()
  return { ...of, connection, link: of.transport.last }
}

test('a send resolves with the id: its own where given, a new one each time else', async () => {
  const { connection, link } = await connected()
  link.confirms = true
  assert.equal(await connection.send('jobs', 'x', { id: 'job-7' }), 'job-7')
  const [one, two] = [await connection.send('jobs', 'x'), await connection.send('jobs', 'x')]
  assert.match(one, /^[0-9a-f-]{36}$/)
  assert.notEqual(one, two)
  await connection.close()
})

test('what is sent carries what was asked for', async () => {
  const { connection, link, clock } = await connected()
  link.confirms = true
  await connection.send('topic://news', { a: 1 }, { headers: { h: 'v' }, priority: 9, expireAfterMs: 500 })
  await connection.send('jobs', Buffer.from([0]), { persistent: false, contentType: 'image/png' })
  const [news, bytes] = link.sent.map(({ message }) => message)
  assert.ok(news && bytes)
  assert.deepEqual(
    [news.destination, news.contentType, news.headers, news.priority, news.persistent, news.expiresAtMs],
    [{ kind: 'topic', name: 'news' }, 'application/json', { h: 'v' }, 9, true, clock.wallTime() + 500],
  )
  assert.deepEqual([bytes.contentType, bytes.persistent, bytes.expiresAtMs], ['image/png', false, undefined])
  await connection.close()
})

test('an option with a slip in its name is refused, and the nearest one named', async () => {
  const { connection, link } = await connected()
  const slip = { signall: never } as object
  const refusals: readonly (() => unknown)[] = [
    () => connection.send('jobs', 'x', slip),
    () => connection.listen('jobs', () => {}, slip),
    () => connection.deliveries('jobs', slip),
    () => connection.request('jobs', 'x', slip),
    () => connection.scatter('jobs', 'x', slip),
    () => connection.respond('jobs', () => {}, slip),
  ]
  for (const refusal of refusals)
    await assert.rejects(async () => refusal(), {
      code: 'invalid-option',
      message: /^unknown \w+ option .*did you mean/,
    })
  const stranger = { concurrency: 2 } as object
  await assert.rejects(async () => connection.deliveries('jobs', stranger), {
    code: 'invalid-option',
    message: 'unknown deliveries option "concurrency"',
  })
  assert.deepEqual([link.sent, link.subscriptions], [[], []])
  await connection.close()
})

test('headers that the caller changes afterwards are sent as they were', async () => {
  const of = parts()
  const connection = connectionOf(of)
  const headers: Record<string, string> = { n: '1' }
  const sends = [connection.send('jobs', 'x', { headers })]
  headers['n'] = '2'
  sends.push(connection.send('jobs', 'x', { headers }))
  await settled()
  assert.deepEqual(
    of.transport.last.sent.map(({ message }) => message.headers),
    [{ n: '1' }, { n: '2' }],
  )
  of.transport.last.confirmAll()
  await Promise.all(sends)
  await connection.close()
})

test('text that begins with a byte order mark arrives with it, and JSON without', async () => {
  const { connection, transport } = await connected()
  const taken: unknown[] = []
  const listener = connection.listen('jobs', (delivery) => void taken.push(delivery.value()))
  await listener.ready
  const [subscription] = transport.last.subscriptions
  subscription?.deliver('text', { body: Buffer.from('\uFEFFx'), contentType: 'text/plain' })
  subscription?.deliver('json', { body: Buffer.from('\uFEFF{"n":1}') })
  await settled()
  assert.deepEqual(taken, ['\uFEFFx', { n: 1 }])
  await connection.close(AbortSignal.abort())
})

for (const [name, options, code] of [
  ['a priority of 10', { priority: 10 }, 'invalid-option'],
  ['a priority of 1.5', { priority: 1.5 }, 'invalid-option'],
  ['an expiry of 0', { expireAfterMs: 0 }, 'invalid-option'],
  ['an expiry that is no number', { expireAfterMs: Number.NaN }, 'invalid-option'],
  ['an empty id', { id: '' }, 'invalid-option'],
  ['a header that is no text', { headers: { n: 5 as unknown as string } }, 'invalid-option'],
] as const) {
  test(`${name} is refused before anything is sent`, async () => {
    const { connection, link } = await connected()
    await assert.rejects(connection.send('jobs', 'x', options), (error) => {
      return error instanceof UnderstudyError && !(error instanceof SendError) && error.code === code
    })
    assert.deepEqual(link.sent, [])
    await connection.close()
  })
}

for (const [destination, options, lacks] of [
  ['exchange://x/y', {}, /has no exchanges/],
  ['topic://x', {}, /has no topics/],
  ['jobs', { priority: 3 }, /has no priorities/],
  ['jobs', { expireAfterMs: 3 }, /has no expiry/],
] as const) {
  test(`what one broker of the list lacks is refused before anything is sent: ${lacks.source}`, async () => {
    const { connection, link, transport } = await connected()
    transport.capabilities = {
      priority: false,
      expiry: false,
      delay: false,
      topics: false,
      exchanges: false,
      deadLetters: false,
      confirmedSettlement: true,
      queueSettings: [],
    }
    await assert.rejects(connection.send(destination, 'x', options), (error) => {
      assert.ok(error instanceof UnderstudyError && error.code === 'unsupported')
      assert.match(error.message, lacks)
      return true
    })
    assert.deepEqual(link.sent, [])
    await connection.close()
  })
}

test('sends and deliveries go over links of their own', async () => {
  const { connection, transport } = await connected()
  const listener = connection.listen('jobs', () => {})
  await listener.ready
  assert.equal(transport.links.length, 2)
  const [sending, listening] = transport.links
  assert.deepEqual([sending?.subscriptions.length, listening?.subscriptions.length], [0, 1])
  const other = connection.listen('others', () => {})
  await other.ready
  assert.equal(transport.links.length, 2, 'listeners share theirs')
  await connection.close()
})

test('close lets handlers finish, whose sends are taken and confirmed, and then says goodbye', async () => {
  const { connection, transport, clock, link } = await connected()
  const gate = Promise.withResolvers<void>()
  const listener = connection.listen('jobs', async (delivery) => {
    await gate.promise
    await connection.send('answers', 'done')
    await delivery.ack()
  })
  await listener.ready
  const [subscription] = transport.last.subscriptions
  subscription?.deliver('one')
  const earlier = watch(connection.send('jobs', 'x'))
  await settled()
  const closing = watch(connection.close())
  link.confirms = true
  gate.resolve()
  await settled()
  assert.equal(closing.ending().kind, 'pending', 'one send is unconfirmed')
  const late = watch(connection.send('jobs', 'x'))
  await settled()
  assert.deepEqual([failureOf(late).code, failureOf(late).outcome], ['closed', 'not-sent'])
  link.confirmAll()
  await settled()
  assert.deepEqual([closing.ending().kind, earlier.ending().kind], ['done', 'done'])
  assert.deepEqual(subscription?.settlements, [{ id: 'one', as: 'ack' }])
  assert.ok(transport.links.every(({ over }) => over))
  assert.equal(clock.pending, 0)
  assert.throws(() => connection.listen('jobs', () => {}), { code: 'closed' })
})

test('close with a handler that hangs and a confirm that never comes is bounded, and settles every send', async () => {
  const { connection, transport, clock, link } = await connected({ uri: `${TWO}&drainTimeout=3000` })
  const listener = connection.listen('jobs', () => new Promise(() => {}))
  await listener.ready
  transport.last.subscriptions[0]?.deliver('one')
  const sending = watch(connection.send('jobs', 'x'))
  for (const one of transport.links) one.closesMute = true
  await settled()
  const closing = watch(connection.close())
  await clock.advance(2999)
  assert.deepEqual([closing.ending().kind, sending.ending().kind], ['pending', 'pending'])
  await clock.advance(1)
  assert.equal(closing.ending().kind, 'done')
  assert.deepEqual([failureOf(sending).code, failureOf(sending).outcome], ['closed', 'unknown'])
  assert.ok(link.over)
  assert.equal(clock.pending, 0)
})

test('close while every broker is down is bounded, and what was not written says so', async () => {
  const of = parts({ uri: `${TWO}&drainTimeout=3000` })
  of.transport.answer('a', 'refuse').answer('b', 'refuse')
  const connection = connectionOf(of)
  const sending = watch(connection.send('jobs', 'x'))
  await of.clock.advance(100)
  const closing = watch(connection.close())
  await of.clock.advance(3000)
  assert.equal(closing.ending().kind, 'done')
  assert.equal(failureOf(sending).outcome, 'not-sent')
  assert.equal(of.clock.pending, 0)
})

test('close may be called before anything was done, and twice', async () => {
  const of = parts()
  const connection = connectionOf(of)
  await Promise.all([connection.close(), connection.close()])
  assert.deepEqual(of.transport.dialled, [])
  await assert.rejects(connection.connected(), { code: 'closed' })
  await assert.rejects(connection.send('jobs', 'x'), { code: 'closed' })
  assert.equal(of.clock.pending, 0)
})

test('it is closed at the end of its scope', async () => {
  const of = parts()
  {
    await using connection = connectionOf(of)
    await connection.connected()
  }
  assert.ok(of.transport.last.over)
})

test('close inside a status observer, in whatever event, is a close', async () => {
  for (const type of ['connected', 'interrupted', 'resumed'] as const) {
    const of = parts()
    const connection = connectionOf(of)
    let closing: Promise<void> | undefined
    connection.observe((event) => {
      if (event.type === type) closing = connection.close()
    })
    const sending = watch(connection.send('jobs', 'x'))
    await settled()
    of.transport.last.die()
    await of.clock.advance(20_000)
    await closing
    assert.ok(closing, type)
    assert.notEqual(sending.ending().kind, 'pending')
    assert.equal(of.clock.pending, 0)
    assert.ok(of.transport.links.every(({ over }) => over))
  }
})

test('a final failure is told once, and every later call is refused with it', async () => {
  const of = parts({ uri: `${TWO}&maxReconnectAttempts=0` })
  of.transport.answer('a', 'refuse').answer('b', 'refuse')
  const connection = connectionOf(of)
  const types: string[] = []
  connection.observe(({ type }) => types.push(type))
  await assert.rejects(connection.connected(), { code: 'attempts-exhausted' })
  await assert.rejects(connection.connected(), { code: 'attempts-exhausted' })
  await assert.rejects(connection.send('jobs', 'x'), { code: 'attempts-exhausted' })
  assert.equal(of.transport.dialled.length, 2)
  await connection.close()
  assert.deepEqual(types, ['attempt-failed', 'attempt-failed', 'failed'])
})

test('status ends when the connection closes', async () => {
  const { connection, link } = await connected()
  const events = connection.status()
  const types: string[] = []
  const reading = (async () => {
    for await (const { type } of events) types.push(type)
  })()
  link.die()
  await settled()
  await connection.close()
  await reading
  assert.deepEqual(types, ['interrupted', 'resumed', 'closed'])
})

test('a listener that was closed is forgotten, and close does not wait for it again', async () => {
  const { connection, transport } = await connected()
  for (let times = 0; times < 3; times++) {
    const listener = connection.listen('jobs', () => {})
    await listener.ready
    await listener.close()
  }
  assert.ok(transport.last.subscriptions.every(({ cancelled }) => cancelled))
  await connection.close()
})

test('a listener that ended by itself is forgotten, whether or not anybody closes it', async () => {
  const { connection, transport } = await connected()
  const ended: WeakRef<Listener>[] = []
  transport.onLink = (link) => {
    link.subscribing = new UnderstudyError('authentication', 'no permission to read')
  }
  const listenInVain = async (): Promise<void> => {
    const listener = connection.listen('jobs', () => {})
    ended.push(new WeakRef(listener))
    await assert.rejects(listener.ready, { code: 'authentication' })
  }
  for (let times = 0; times < 20; times++) await listenInVain()
  await settled()
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const kept = ended.filter((one) => one.deref() !== undefined).length
  assert.ok(kept < 5, `${kept} of 20 were kept`)
  await connection.close()
})

test('whoever closes again may be in more of a hurry', async () => {
  const { connection, clock } = await connected()
  const sending = watch(connection.send('jobs', 'x', { id: 'one' }))
  const closing = watch(connection.close())
  await settled()
  assert.equal(closing.ending().kind, 'pending')
  await connection.close(AbortSignal.abort())
  assert.equal(closing.ending().kind, 'done')
  assert.equal(failureOf(sending).outcome, 'unknown')
  assert.equal(clock.pending, 0)
})

test('a logger that throws stops no reconnect', async () => {
  const fails = (): never => {
    throw new Error('the worker has exited')
  }
  const { connection, link } = await connected({ logger: { debug: fails, info: fails, warn: fails, error: fails } })
  link.die()
  await settled()
  await connection.connected()
  await connection.close()
})

test('the list is shown without credentials and options', () => {
  const connection = connectionOf(parts({ uri: 'failover:(stomp://user:secret@a)?timeout=1' }))
  assert.equal(connection.uri, 'failover:(stomp://a:61613)')
})
