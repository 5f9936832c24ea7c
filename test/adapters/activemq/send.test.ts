import assert from 'node:assert/strict'
import test from 'node:test'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import { SendError } from '../../../src/errors.ts'
import type { Link } from '../../../src/transport/link.ts'
import { message, watch } from '../../support/client-parts.ts'
import { scriptedBroker, type StompPeer } from '../../support/stomp-peer.ts'
import { confirmAll, dialAt, endpointAt, failure, lossOf, never, soon, until } from './dialled.ts'

async function sendFailure(promise: Promise<unknown>): Promise<SendError> {
  const error = await failure(promise)
  assert.ok(error instanceof SendError)
  return error
}

/** A link to a broker that plays `script` after the handshake. */
async function linkTo(script: (peer: StompPeer) => Promise<void> | void): Promise<{ link: Link } & AsyncDisposable> {
  const broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    await script(peer)
  })
  const link = await dialAt(broker.port)
  return {
    link,
    async [Symbol.asyncDispose]() {
      await link.close(AbortSignal.abort())
      await broker.close()
    },
  }
}

test('a send resolves on the RECEIPT of its own frame and not before', async () => {
  const receipts = Promise.withResolvers<void>()
  await using on = await linkTo(async (peer) => {
    const [first, second] = [await peer.next('SEND'), await peer.next('SEND')]
    peer.confirm(second)
    await receipts.promise
    peer.confirm(first)
  })
  const first = watch(on.link.send(message('1'), 1))
  await soon(on.link.send(message('2'), 1), 'the confirm')
  assert.equal(first.ending().kind, 'pending')
  receipts.resolve()
  await until(() => first.ending().kind === 'done', 'the confirm of the first')
})

test('a frame says what the message is, and is persistent unless told otherwise', async () => {
  const seen: { headers: Readonly<Record<string, string>>; body: string }[] = []
  await using on = await linkTo(async (peer) => {
    for (;;) {
      const send = await peer.next('SEND')
      seen.push({ headers: send.headers, body: send.body.toString('latin1') })
      peer.confirm(send)
    }
  })
  const plain = message('job-1', Buffer.from([0, 10, 255, 0]))
  await on.link.send(plain, 1)
  const full = {
    ...plain,
    id: 'job-2',
    destination: { kind: 'topic', name: 'news.eur' } as const,
    contentType: 'application/json',
    headers: { trace: 'a:b\\c\r\nd', JMSXGroupID: 'g' },
    persistent: false,
    priority: 9,
    expiresAtMs: 1_800_000_000_000,
  }
  await on.link.send(full, 7)
  const [first, second] = seen
  assert.deepEqual(
    { ...first?.headers, receipt: undefined },
    {
      destination: '/queue/jobs',
      'understudy-id': 'job-1',
      'content-length': '4',
      persistent: 'true',
      receipt: undefined,
    },
  )
  assert.equal(first?.body, '\0\n\u00ff\0')
  assert.deepEqual(
    { ...second?.headers, receipt: undefined },
    {
      destination: '/topic/news.eur',
      trace: 'a:b\\c\r\nd',
      JMSXGroupID: 'g',
      'understudy-id': 'job-2',
      'understudy-attempt': '7',
      'content-length': '4',
      'content-type': 'application/json',
      persistent: 'false',
      priority: '9',
      expires: '1800000000000',
      receipt: undefined,
    },
  )
})

test('an expiry is told in whole milliseconds, and one that ActiveMQ cannot count is refused before anything is sent', async () => {
  const expiries: (string | undefined)[] = []
  await using on = await linkTo(async (peer) => {
    for (;;) {
      const send = await peer.next('SEND')
      expiries.push(send.headers['expires'])
      peer.confirm(send)
    }
  })
  await on.link.send({ ...message('1'), expiresAtMs: 1_799_999_999_999.5 }, 1)
  const error = await failure(on.link.send({ ...message('2'), expiresAtMs: 1e21 }, 1))
  assert.deepEqual([error.code, error.retriable], ['invalid-option', false])
  assert.deepEqual(expiries, ['1800000000000'])
})

test('frames are written in the order of the sends, empty bodies and large ones alike', async () => {
  const ids: string[] = []
  const sizes: number[] = []
  await using on = await linkTo(async (peer) => {
    for (;;) {
      const send = await peer.next('SEND')
      ids.push(send.headers['understudy-id'] ?? '')
      sizes.push(send.body.length)
      peer.confirm(send)
    }
  })
  const lengths = [0, 1, 2 ** 20, 0, 70_000, 3]
  await soon(
    Promise.all(lengths.map((length, index) => on.link.send(message(String(index), Buffer.alloc(length, index)), 1))),
    'the confirms',
  )
  assert.deepEqual(ids, ['0', '1', '2', '3', '4', '5'])
  assert.deepEqual(sizes, lengths)
})

test('the message and its headers are left as they were', async () => {
  await using on = await linkTo((peer) => confirmAll(peer))
  const headers = Object.freeze({ a: '1' })
  const frozen = Object.freeze({ ...message('1'), headers })
  await on.link.send(frozen, 1)
  await on.link.send(frozen, 2)
  assert.deepEqual(headers, { a: '1' })
})

test('what waits for its receipt when the link drops is unknown, retriable, and ends at once', async () => {
  await using on = await linkTo(async (peer) => {
    for (let index = 0; index < 50; index++) await peer.next('SEND')
    await peer.destroy()
  })
  const sends = Array.from({ length: 50 }, (_, index) => sendFailure(on.link.send(message(String(index)), 3)))
  for (const [index, error] of (await Promise.all(sends)).entries()) {
    assert.deepEqual(
      [error.outcome, error.code, error.retriable, error.messageId, error.attempts],
      ['unknown', 'unconfirmed', true, String(index), 3],
    )
  }
  assert.equal((await lossOf(on.link)).code, 'link-lost')
})

test('after the link has ended, and while it is being closed, nothing is sent', async () => {
  await using dead = await linkTo(async (peer) => {
    await peer.next('SEND')
    await peer.destroy()
  })
  await sendFailure(dead.link.send(message('1'), 1))
  const late = await sendFailure(dead.link.send(message('2'), 1))
  assert.deepEqual([late.outcome, late.retriable], ['not-sent', true])
  await using leaving = await linkTo(() => {})
  const caller = new AbortController()
  const closing = leaving.link.close(caller.signal)
  assert.equal((await sendFailure(leaving.link.send(message('3'), 1))).outcome, 'not-sent')
  caller.abort()
  await closing
})

for (const [name, headers] of [
  ['a reserved name', { destination: '/queue/other' }],
  ['content-length', { 'content-length': '1' }],
  ['receipt', { receipt: '1' }],
  ['persistent', { persistent: 'false' }],
  ['our own name', { 'understudy-id': 'x' }],
  ['an empty name', { '': 'x' }],
  ['a NUL in its value, which STOMP cannot escape', { a: 'x\n\nbody\0SEND\ndestination:/queue/evil\n\n\0' }],
  ['a NUL in its name', { 'a\0': 'x' }],
  ['a name that receivers cannot read', { hasOwnProperty: 'x' }],
  ['a name that is lost on the way', JSON.parse('{"__proto__":"x"}') as Record<string, string>],
] as const) {
  test(`a header with ${name} is refused before a byte is written`, async () => {
    let frames = 0
    await using on = await linkTo(async (peer) => {
      for (;;) {
        peer.confirm(await peer.next('SEND'))
        frames++
      }
    })
    const error = await sendFailure(on.link.send({ ...message('1'), headers }, 1))
    assert.deepEqual([error.code, error.outcome, error.retriable], ['invalid-option', 'not-sent', false])
    await on.link.send(message('2'), 1)
    assert.equal(frames, 1)
  })
}

test('no header value and no name can break out of its line', async () => {
  const seen: Readonly<Record<string, string>>[] = []
  await using on = await linkTo(async (peer) => {
    for (;;) {
      const send = await peer.next('SEND')
      seen.push(send.headers)
      peer.confirm(send)
    }
  })
  const nasty = [
    '\n\nbody\nSEND\ndestination:/queue/evil\n\n',
    '\r\npersistent:false',
    ':',
    '\\',
    '\\n',
    'ü€😀',
    '',
    ' x ',
  ]
  for (const [index, value] of nasty.entries()) {
    await on.link.send(
      { ...message(value === '' ? 'x' : value), headers: { plain: value, [`${value}name`]: value } },
      index + 1,
    )
  }
  assert.equal(seen.length, nasty.length)
  for (const [index, headers] of seen.entries()) {
    const value = nasty[index] ?? ''
    assert.equal(headers['plain'], value)
    assert.equal(headers[`${value}name`], value)
    assert.equal(headers['understudy-id'], value === '' ? 'x' : value)
    assert.equal(headers['destination'], '/queue/jobs')
    assert.equal(headers['persistent'], 'true')
  }
})

for (const [text, code, outcome, retriable] of [
  ['User guest is not authorized to write to: queue://jobs', 'authentication', 'rejected', false],
  ['Usage Manager Memory Limit reached', 'rejected', 'rejected', true],
  ['Usage Manager Memory Limit reached on queue://security.credentials', 'rejected', 'rejected', true],
  ['Broker b1 is being stopped', 'unconfirmed', 'unknown', true],
] as const) {
  test(`ERROR ${JSON.stringify(text)} for one frame is ${outcome} for it, and a close after it unknown for the others`, async () => {
    await using on = await linkTo(async (peer) => {
      await peer.next('SEND')
      const second = await peer.next('SEND')
      const headers = { message: text, 'receipt-id': second.headers['receipt'] ?? '', 'content-type': 'text/plain' }
      peer.send({ command: 'ERROR', headers, body: 'details\n' })
      await peer.close()
    })
    const [first, second] = await Promise.all([
      sendFailure(on.link.send(message('1'), 1)),
      sendFailure(on.link.send(message('2'), 1)),
    ])
    assert.deepEqual([first.outcome, first.retriable], ['unknown', true])
    assert.deepEqual([second.code, second.outcome, second.retriable], [code, outcome, retriable])
    const loss = await lossOf(on.link)
    assert.equal(loss.code, code === 'rejected' ? 'protocol' : code === 'unconfirmed' ? 'link-lost' : code)
    assert.ok(code === 'authentication' || loss.message.includes(text), loss.message)
  })
}

test('an ERROR for one frame costs that frame alone where the broker goes on', async () => {
  await using on = await linkTo(async (peer) => {
    const [first, second] = [await peer.next('SEND'), await peer.next('SEND')]
    const headers = { message: 'Usage Manager Memory Limit reached', 'receipt-id': second.headers['receipt'] ?? '' }
    peer.send({ command: 'ERROR', headers, body: 'details\n' })
    peer.confirm(first)
    peer.confirm(await peer.next('SEND'))
    await peer.close()
  })
  const first = on.link.send(message('1'), 1)
  const second = await sendFailure(on.link.send(message('2'), 1))
  assert.deepEqual([second.code, second.outcome], ['rejected', 'rejected'])
  await soon(first, 'the confirm')
  await soon(on.link.send(message('3'), 1), 'the confirm of the next')
  const loss = await lossOf(on.link)
  assert.equal(loss.code, 'link-lost')
  assert.doesNotMatch(loss.message, /Memory Limit/, 'it has nothing to do with the end')
})

test('an ERROR that names no frame is about the only one that waits', async () => {
  await using on = await linkTo(async (peer) => {
    await peer.next('SEND')
    peer.send({ command: 'ERROR', headers: { message: 'User guest is not authorized to write to: queue://jobs' } })
  })
  const error = await sendFailure(on.link.send(message('1'), 1))
  assert.deepEqual([error.code, error.outcome], ['authentication', 'rejected'])
  assert.match(error.message, /gives no permission to write to queue:\/\/jobs/)
  assert.doesNotMatch(error.message, /guest/)
})

test('an ERROR out of the blue ends the link with its own words, and credentials in it are blotted out', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    await peer.next('SEND')
    await peer.next('SEND')
    peer.send({ command: 'ERROR', headers: { message: 'out of hunter2 memory' } })
  })
  const link = await activemqTransport().dial(endpointAt(broker.port, 'heartbeat=0', 'user:hunter2@'), never)
  const sends = ['1', '2'].map((id) => sendFailure(link.send(message(id), 1)))
  const loss = await lossOf(link)
  assert.deepEqual([loss.code, loss.retriable], ['protocol', true])
  assert.match(loss.message, /out of \*\*\* memory/)
  for (const error of await Promise.all(sends)) assert.equal(error.outcome, 'unknown')
})

test('1,000 sends in flight, and as many lost with the link, bring no warning', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  try {
    await using on = await linkTo(async (peer) => {
      for (let index = 0; index < 1000; index++) peer.confirm(await peer.next('SEND'))
      await peer.next('SEND')
      await peer.destroy()
    })
    await soon(
      Promise.all(Array.from({ length: 1000 }, (_, index) => on.link.send(message(String(index)), 1))),
      'the confirms',
    )
    const lost = Array.from({ length: 1000 }, (_, index) => sendFailure(on.link.send(message(String(index)), 1)))
    await Promise.all(lost)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(warnings, [])
  } finally {
    process.off('warning', onWarning)
  }
})
