import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../src/connection.ts'
import { UnderstudyError } from '../src/errors.ts'
import { connectionOf, type Parts, parts, watch } from './support/client-parts.ts'
import { settled } from './support/fake-clock.ts'
import type { ScriptedLink } from './support/scripted-transport.ts'

async function connected(): Promise<Parts & { readonly connection: Connection; readonly link: ScriptedLink }> {
  const of = parts()
  const connection = connectionOf(of)
  await connection.connected()
  return { ...of, connection, link: of.transport.last }
}

const WAITING = { ready: 3, isExact: true, consumers: 1 } as const

test('a delay is a time of day, counted from the call, and stays the same when the message is sent again', async () => {
  const { connection, link, transport, clock } = await connected()
  const dueAtMs = clock.wallTime() + 5000
  const sending = connection.send('jobs', 'x', { delayMs: 5000 })
  assert.equal(link.sent[0]?.message.deliverAtMs, dueAtMs)
  await clock.advance(1000)
  transport.onLink = (next) => {
    next.confirms = true
  }
  link.die()
  await sending
  assert.notEqual(transport.last, link)
  assert.equal(transport.last.sent[0]?.message.deliverAtMs, dueAtMs)
  await connection.close()
})

test('no delay, and one of nothing, are at once, also where the broker has no delay', async () => {
  const { connection, link, transport } = await connected()
  transport.capabilities = { ...transport.capabilities, delay: false }
  link.confirms = true
  await connection.send('jobs', 'x')
  await connection.send('topic://news', 'x', { delayMs: 0 })
  assert.deepEqual(
    link.sent.map(({ message }) => message.deliverAtMs),
    [undefined, undefined],
  )
  await connection.close()
})

for (const [destination, delayMs, delay, code, words] of [
  ['jobs', 1, false, 'unsupported', /stomp: has no delay/],
  ['topic://news', 1, true, 'unsupported', /only queues get messages with a delay, not topic:\/\/news/],
  ['exchange://x/y', 1, true, 'unsupported', /only queues/],
  ['jobs', -1, true, 'invalid-option', /delayMs must be a number from 0 up, not -1/],
  ['jobs', Number.POSITIVE_INFINITY, true, 'invalid-option', /not Infinity/],
] as const) {
  test(`a delay of ${delayMs} for ${destination} is refused before anything is sent: ${words.source}`, async () => {
    const { connection, link, transport } = await connected()
    transport.capabilities = { ...transport.capabilities, delay }
    await assert.rejects(connection.send(destination, 'x', { delayMs }), { code, message: words })
    assert.deepEqual(link.sent, [])
    await connection.close()
  })
}

test('inspect tells what the broker says of a queue, by its bare name or its address, and nothing of one that is not there', async () => {
  const { connection, link } = await connected()
  link.queues.set('jobs', WAITING)
  assert.deepEqual(await connection.inspect('jobs'), WAITING)
  assert.deepEqual(await connection.inspect('queue://jobs'), WAITING)
  assert.equal(await connection.inspect('none'), undefined)
  await connection.close()
})

test('purge tells how many messages it removed', async () => {
  const { connection, link } = await connected()
  link.queues.set('jobs', WAITING)
  assert.equal(await connection.purge('queue://jobs'), 3)
  assert.equal(await connection.purge('jobs'), 0)
  await connection.close()
})

for (const ask of ['inspect', 'purge'] as const) {
  test(`${ask} is for queues alone, and for connections that are not closed`, async () => {
    const { connection } = await connected()
    await assert.rejects(connection[ask]('topic://news'), { code: 'invalid-option', message: /topic:\/\/news/ })
    await connection.close()
    await assert.rejects(connection[ask]('jobs'), { code: 'closed' })
  })

  test(`${ask} that a broker leaves unanswered ends after confirmTimeout, with one line that says so`, async () => {
    const { connection, link, clock, uri } = await connected()
    link.asking = 'mute'
    const asked = watch(connection[ask]('jobs'))
    await settled()
    await clock.advance(uri.options.confirmTimeoutMs - 1)
    await settled()
    assert.equal(asked.ending().kind, 'pending')
    await clock.advance(1)
    await settled()
    const ending = asked.ending()
    assert.ok(ending.kind === 'failed' && ending.error instanceof UnderstudyError)
    assert.deepEqual([ending.error.code, ending.error.retriable], ['deadline', true])
    assert.match(
      ending.error.message,
      /^stomp:\/\/a:\d+ left a (look at|purge of) queue jobs without an answer for \d+ ms$/,
    )
    await connection.close()
  })

  test(`${ask} waits no longer than that for a broker, and fails with the link that it was asked on`, async () => {
    const { connection, link, transport, clock, uri } = await connected()
    link.asking = 'mute'
    const asked = watch(connection[ask]('jobs'))
    await settled()
    transport.answer('a', 'refuse').answer('b', 'refuse')
    link.die()
    await settled()
    const ending = asked.ending()
    assert.ok(ending.kind === 'failed' && ending.error instanceof UnderstudyError)
    assert.equal(ending.error.code, 'link-lost')
    const again = assert.rejects(connection[ask]('jobs'), { code: 'deadline', message: /^no broker was connected for/ })
    await clock.advance(uri.options.confirmTimeoutMs)
    await again
    await connection.close()
  })
}
