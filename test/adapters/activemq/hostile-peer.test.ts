import assert from 'node:assert/strict'
import test from 'node:test'
import type { Link } from '../../../src/transport/link.ts'
import { message } from '../../support/client-parts.ts'
import { settled } from '../../support/fake-clock.ts'
import { scriptedBroker, type StompPeer } from '../../support/stomp-peer.ts'
import { acceptSubscription, confirmAll, dialAt, Inbox, lossOf, soon, until } from './dialled.ts'

interface On extends AsyncDisposable {
  readonly link: Link
  readonly inbox: Inbox
}

/** A link with one subscription to a broker that then, and not before, plays `script`. */
async function subscribed(
  script: (peer: StompPeer, inbox: Inbox) => Promise<void> | void,
  query?: string,
): Promise<On> {
  const inbox = new Inbox()
  const isSubscribed = Promise.withResolvers<void>()
  const broker = await scriptedBroker(async (peer) => {
    await acceptSubscription(peer)
    await isSubscribed.promise
    await script(peer, inbox)
  })
  const link = await dialAt(broker.port, query)
  await link.subscribe({ kind: 'queue', name: 'jobs' }, { prefetch: 1 }, inbox)
  isSubscribed.resolve()
  return {
    link,
    inbox,
    async [Symbol.asyncDispose]() {
      await link.close(AbortSignal.abort())
      await broker.close()
    },
  }
}

const HEAD = 'MESSAGE\nsubscription:understudy-1\nmessage-id:1\nack:1\ndestination:/queue/jobs\n'

test('header lines of 60 KB are read, as a dead letter has them', async () => {
  const cause = 'x'.repeat(60_000)
  await using on = await subscribed((peer) => peer.write(`${HEAD}dlqDeliveryFailureCause:${cause}\n\nbody\0`))
  const { message } = await on.inbox.next()
  assert.equal(message.headers['dlqDeliveryFailureCause'], cause)
  assert.equal(message.body.toString(), 'body')
})

test('500 headers are read', async () => {
  const many = Array.from({ length: 500 }, (_, index) => `h${index}:${index}\n`).join('')
  await using on = await subscribed((peer) => peer.write(`${HEAD}${many}\nbody\0`))
  const { message } = await on.inbox.next()
  assert.equal(Object.keys(message.headers).length, 500)
  assert.equal(message.headers['h499'], '499')
})

test('a repeated header counts once, the first of them, as STOMP has it', async () => {
  await using on = await subscribed((peer) => peer.write(`${HEAD}a:first\na:second\n\n\0`))
  assert.equal((await on.inbox.next()).message.headers['a'], 'first')
})

test('a character that two packets share is whole, in headers and in bodies, wherever it is cut', async () => {
  const text = 'ü€😀'
  const frame = Buffer.from(`${HEAD}name-${text}:${text}\n\n${text}\0`)
  await using on = await subscribed(async (peer) => {
    for (const size of [1, 2, 3, 5, 7]) {
      for (let from = 0; from < frame.length; from += size) {
        await new Promise((resolve) => peer.socket.write(frame.subarray(from, from + size), resolve))
        await settled()
      }
    }
  })
  await on.inbox.next(5)
  for (const { message } of on.inbox.deliveries) {
    assert.deepEqual(message.headers, { [`name-${text}`]: text })
    assert.equal(message.body.toString(), text)
  }
})

test('bytes that only look like the beginning of a character pass as they are, packet by packet', async () => {
  const body = Buffer.from(
    Array.from({ length: 1024 }, (_, index) => [0xc3, 0xe2, 0xf0, 0xff, 0x9f, 0x80][index % 6] ?? 0),
  )
  await using on = await subscribed(async (peer) => {
    for (let length = 1; length <= 40; length++) {
      const part = body.subarray(0, length)
      peer.write(`${HEAD}content-length:${part.length}\n\n`)
      for (const byte of part) await new Promise((resolve) => peer.socket.write(Buffer.from([byte]), resolve))
      peer.write('\0')
    }
  })
  await on.inbox.next(40)
  for (const [index, { message }] of on.inbox.deliveries.entries())
    assert.deepEqual(message.body, body.subarray(0, index + 1))
})

test('a body of several megabytes in many packets is whole', async () => {
  const body = Buffer.alloc(5 * 2 ** 20, 'ab\0\n')
  await using on = await subscribed((peer) => {
    peer.write(`${HEAD}content-length:${body.length}\n\n`)
    peer.write(body)
    peer.write('\0')
  })
  assert.ok((await on.inbox.next()).message.body.equals(body))
})

test('a body that nobody wants stalls no receipt behind it', async () => {
  await using on = await subscribed(async (peer) => {
    peer.send({
      command: 'MESSAGE',
      headers: { subscription: 'nobody', 'message-id': '1', destination: '/queue/x' },
      body: Buffer.alloc(500_000),
    })
    await confirmAll(peer)
  })
  await soon(on.link.send(message('1'), 1), 'the confirm')
  assert.equal(on.inbox.deliveries.length, 0)
})

test('a receipt that nobody asked for, a second one, and one with a name that every object has change nothing', async () => {
  await using on = await subscribed(async (peer) => {
    for (const id of ['999', '__proto__', 'constructor', 'toString', '1']) peer.write(`RECEIPT\nreceipt-id:${id}\n\n\0`)
    peer.write('RECEIPT\n\n\0')
    for (const id of ['__proto__', 'constructor', 'hasOwnProperty'])
      peer.write(`MESSAGE\nsubscription:${id}\nmessage-id:1\ndestination:/queue/x\n\nx\0`)
    await confirmAll(peer)
  })
  await soon(on.link.send(message('1'), 1), 'the confirm')
})

test('headers with names that every object has are read or dropped, and change nothing else', async () => {
  await using on = await subscribed((peer) => {
    peer.write(`${HEAD}__proto__:x\nconstructor:y\ntoString:z\n\nbody\0`)
  })
  const { message } = await on.inbox.next()
  assert.deepEqual(Object.entries(message.headers), [
    ['constructor', 'y'],
    ['toString', 'z'],
  ])
  assert.equal(Object.getPrototypeOf(message.headers), Object.prototype)
})

for (const [what, before] of [
  ['first', ''],
  ['behind another message', `${HEAD}\nbody\0`],
  ['behind a message that nobody wants', `MESSAGE\nsubscription:x\n\nbody\0`],
  ['behind a receipt with a body', `RECEIPT\nreceipt-id:9\n\nbody\0`],
] as const) {
  test(`a message with a header that stompit stumbles over, ${what}, is delivered without it`, async () => {
    await using on = await subscribed((peer) => {
      peer.write(`${before}${HEAD}hasOwnProperty:x\nhasOwnProperty:y\nmore:z\n\npoison\0${HEAD}\nnext\0`)
    })
    const place = before.startsWith(HEAD) ? 2 : 1
    const { message } = await on.inbox.next(place)
    assert.deepEqual([message.body.toString(), message.headers], ['poison', { more: 'z' }])
    assert.equal((await on.inbox.next(place + 1)).message.body.toString(), 'next')
  })
}

for (const [what, bytes] of [
  ['an unknown frame', 'HELLO\n\n\0'],
  ['a frame with a name that every object has', 'constructor\n\n\0'],
  ['a second CONNECTED', 'CONNECTED\nversion:1.2\n\n\0'],
  ['a header without a colon', 'MESSAGE\nnonsense\n\n\0'],
  ['an escape that is none', `${HEAD}a:\\x\n\n\0`],
  ['a length that is no number', `${HEAD}content-length:many\n\nbody\0`],
  ['a length that is too short', `${HEAD}content-length:1\n\nbody\0`],
  ['a negative length', `${HEAD}content-length:-5\n\nbodybody\0`],
  ['binary noise', Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251))],
  ['a header line of 70 KB', `${HEAD}a:${'x'.repeat(70_000)}\n\n\0`],
  ['1,001 headers', `${HEAD}${Array.from({ length: 1001 }, (_, index) => `h${index}:\n`).join('')}\n\0`],
] as const) {
  test(`${what} ends the link with a reason, and not the process`, async () => {
    await using on = await subscribed((peer) => peer.write(bytes))
    const error = await lossOf(on.link)
    assert.deepEqual([error.code, error.retriable], ['protocol', true])
  })
}

test('a message that announces more than the bound is not waited for', async () => {
  await using on = await subscribed((peer) => peer.write(`${HEAD}content-length:10000000000\n\n`))
  const error = await lossOf(on.link)
  assert.equal(error.code, 'protocol')
  assert.match(error.message, /sent a message of more than 104857600 bytes/)
})

test('a message without a length that never ends is cut off at the bound, and not kept', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'x')
  let written = 0
  await using on = await subscribed(async (peer) => {
    peer.write(`${HEAD}\n`)
    while (!peer.isClosed && written < 64 * 2 ** 20) {
      written += chunk.length
      await new Promise((resolve) => peer.socket.write(chunk, resolve))
    }
  }, 'heartbeat=0&maxFrameBytes=1048576')
  const error = await lossOf(on.link)
  assert.match(error.message, /more than 1048576 bytes/)
  assert.ok(written < 32 * 2 ** 20, `${written} bytes were taken`)
})

test('a message at the bound is taken, one byte more is not', async () => {
  await using on = await subscribed(async (peer, inbox) => {
    peer.send({ command: 'MESSAGE', headers: { subscription: 'understudy-1' }, body: Buffer.alloc(1000) })
    await until(() => inbox.deliveries.length === 1, 'the first message')
    peer.send({ command: 'MESSAGE', headers: { subscription: 'understudy-1' }, body: Buffer.alloc(1001) })
  }, 'heartbeat=0&maxFrameBytes=1000')
  assert.equal((await on.inbox.next()).message.body.length, 1000)
  assert.match((await lossOf(on.link)).message, /more than 1000 bytes/)
})

test('header after header without an end is cut off, and not kept', async () => {
  let written = 0
  await using on = await subscribed(async (peer) => {
    peer.write(HEAD)
    const value = 'x'.repeat(60_000)
    for (let index = 0; !peer.isClosed && index < 5000; index++) {
      const line = `h${index}:${value}\n`
      written += line.length
      await new Promise((resolve) => peer.socket.write(line, resolve))
    }
  })
  assert.equal((await lossOf(on.link)).code, 'protocol')
  assert.ok(written < 100 * 2 ** 20, `${written} bytes were taken`)
})

test('a peer that resets in the middle of a message is a lost link, and no half message is delivered', async () => {
  await using on = await subscribed(async (peer) => {
    await new Promise((resolve) => peer.socket.write(`${HEAD}content-length:1000\n\nhalf`, resolve))
    await peer.destroy()
  })
  const error = await lossOf(on.link)
  assert.equal(error.retriable, true)
  assert.equal(on.inbox.deliveries.length, 0)
})

test('what was delivered before the noise is delivered, and can no longer be settled after it', async () => {
  await using on = await subscribed((peer) => peer.write(`${HEAD}\nbody\0NOISE\n\n\0`))
  const taken = await on.inbox.next()
  await lossOf(on.link)
  await assert.rejects(taken.settle('ack'))
})
