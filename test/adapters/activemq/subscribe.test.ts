import assert from 'node:assert/strict'
import test from 'node:test'
import type { Destination } from '../../../src/transport/destination.ts'
import type { Link, Subscription } from '../../../src/transport/link.ts'
import type { Frame } from '../../../infra/embedded/stomp/frames.ts'
import { watch } from '../../support/client-parts.ts'
import { type FrameDraft, scriptedBroker, type ScriptedBroker, type StompPeer } from '../../support/stomp-peer.ts'
import { acceptSubscription, confirmAll, dialAt, failure, Inbox, lossOf, never, soon, until } from './dialled.ts'

const JOBS: Destination = { kind: 'queue', name: 'jobs' }

function delivery(id: string, headers: Readonly<Record<string, string>> = {}, body: string | Buffer = id): FrameDraft {
  return {
    command: 'MESSAGE',
    headers: {
      subscription: 'understudy-1',
      'message-id': `ID:${id}`,
      ack: `ack-${id}`,
      destination: '/queue/jobs',
      ...headers,
    },
    body,
  }
}

interface On extends AsyncDisposable {
  readonly broker: ScriptedBroker
  readonly link: Link
  readonly inbox: Inbox
  readonly subscription: Subscription
}

/** A link with one subscription; then the broker plays `script`. */
async function subscribed(
  script: (peer: StompPeer, subscribe: Frame) => Promise<void> | void,
  destination: Destination = JOBS,
): Promise<On> {
  const broker = await scriptedBroker(async (peer) => script(peer, await acceptSubscription(peer)))
  const link = await dialAt(broker.port)
  const inbox = new Inbox()
  const subscription = await link.subscribe(destination, { prefetch: 7 }, inbox)
  return {
    broker,
    link,
    inbox,
    subscription,
    async [Symbol.asyncDispose]() {
      await link.close(AbortSignal.abort())
      await broker.close()
    },
  }
}

test('SUBSCRIBE acknowledges one by one, with the prefetch, and is accepted by its RECEIPT', async () => {
  let frame: Frame | undefined
  const accept = Promise.withResolvers<void>()
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    frame = await peer.next('SUBSCRIBE')
    await accept.promise
    peer.confirm(frame)
  })
  const link = await dialAt(broker.port)
  const subscribing = watch(link.subscribe(JOBS, { prefetch: 7 }, new Inbox()))
  await until(() => frame !== undefined, 'SUBSCRIBE')
  assert.equal(subscribing.ending().kind, 'pending')
  assert.deepEqual(
    { ...frame?.headers, receipt: undefined },
    {
      id: 'understudy-1',
      destination: '/queue/jobs',
      ack: 'client-individual',
      'activemq.prefetchSize': '7',
      receipt: undefined,
    },
  )
  accept.resolve()
  await until(() => subscribing.ending().kind === 'done', 'the subscription')
  await link.close(AbortSignal.abort())
})

test('a delivery is read as it was sent', async () => {
  await using on = await subscribed((peer) => {
    const headers = {
      'understudy-id': 'job-1',
      'understudy-attempt': '3',
      'content-type': 'application/json',
      redelivered: 'true',
      'correlation-id': 'r-1',
      'reply-to': '/queue/jobs.reply',
      timestamp: '1',
      priority: '4',
      trace: 'a:b\\c\r\nd',
    }
    peer.send(delivery('1', headers, Buffer.from([0, 255, 10, 0])))
    peer.send(delivery('2', { destination: '/queue/renamed.by.broker' }, ''))
  })
  const { message } = await on.inbox.next(1)
  assert.deepEqual(message, {
    id: 'job-1',
    attempt: 3,
    destination: { kind: 'queue', name: 'jobs' },
    body: Buffer.from([0, 255, 10, 0]),
    contentType: 'application/json',
    headers: { trace: 'a:b\\c\r\nd' },
    redelivered: true,
    correlationId: 'r-1',
    replyTo: { kind: 'queue', name: 'jobs.reply' },
  })
  const foreign = await on.inbox.next(2)
  assert.deepEqual(
    [foreign.message.id, foreign.message.attempt, foreign.message.redelivered, foreign.message.body.length],
    ['ID:2', 1, false, 0],
  )
  assert.deepEqual(foreign.message.destination, { kind: 'queue', name: 'renamed.by.broker' })
})

for (const attempt of ['0', '-1', '1.5', 'x', '']) {
  test(`an attempt header of ${JSON.stringify(attempt)} counts as the first attempt`, async () => {
    await using on = await subscribed((peer) => peer.send(delivery('1', { 'understudy-attempt': attempt })))
    assert.equal((await on.inbox.next()).message.attempt, 1)
  })
}

test('ack is confirmed by its RECEIPT, names its own delivery, and touches no other', async () => {
  const settled: [string, string][] = []
  await using on = await subscribed(async (peer) => {
    for (const id of ['1', '2', '3']) peer.send(delivery(id))
    for (;;) {
      const frame = await peer.next(({ command }) => command === 'ACK' || command === 'NACK')
      settled.push([frame.command, frame.headers['id'] ?? ''])
      peer.confirm(frame)
    }
  })
  const [one, two, three] = [await on.inbox.next(1), await on.inbox.next(2), await on.inbox.next(3)]
  await three.settle('ack')
  await one.settle('reject')
  await two.settle('ack')
  assert.deepEqual(settled, [
    ['ACK', 'ack-3'],
    ['NACK', 'ack-1'],
    ['ACK', 'ack-2'],
  ])
})

test('requeue sends a copy first and acknowledges the original once the copy is safe', async () => {
  const frames: Frame[] = []
  const copyIsSafe = Promise.withResolvers<void>()
  await using on = await subscribed(async (peer) => {
    peer.send(
      delivery(
        '1',
        {
          'understudy-id': 'job-1',
          'understudy-attempt': '2',
          'content-type': 'text/plain',
          'correlation-id': 'c',
          trace: 'x',
          redelivered: 'true',
          timestamp: '5',
          expires: '0',
          priority: '7',
          persistent: 'true',
        },
        'a\0b',
      ),
    )
    const copy = await peer.next('SEND')
    frames.push(copy)
    await copyIsSafe.promise
    peer.confirm(copy)
    const ack = await peer.next('ACK')
    frames.push(ack)
    peer.confirm(ack)
  })
  const settling = watch((await on.inbox.next()).settle('requeue'))
  await until(() => frames.length === 1, 'the copy')
  assert.deepEqual(on.broker.peers[0]?.pending('ACK'), [])
  copyIsSafe.resolve()
  await until(() => settling.ending().kind === 'done', 'the acknowledge')
  const [copy, ack] = frames
  assert.deepEqual(
    { ...copy?.headers, receipt: undefined },
    {
      destination: '/queue/jobs',
      'understudy-id': 'job-1',
      'understudy-attempt': '2',
      'content-type': 'text/plain',
      'correlation-id': 'c',
      trace: 'x',
      'content-length': '3',
      priority: '7',
      persistent: 'true',
      receipt: undefined,
    },
  )
  assert.equal(copy?.body.toString(), 'a\0b')
  assert.equal(ack?.headers['id'], 'ack-1')
})

test('a requeue whose copy was not confirmed acknowledges nothing', async () => {
  await using on = await subscribed(async (peer) => {
    peer.send(delivery('1'))
    await peer.next('SEND')
    await peer.destroy()
  })
  const error = await failure((await on.inbox.next()).settle('requeue'))
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
  assert.deepEqual(on.broker.peers[0]?.pending('ACK'), [])
})

test('a delivery from a topic cannot be requeued, and can be acknowledged after that', async () => {
  const topic: Destination = { kind: 'topic', name: 'news' }
  await using on = await subscribed(async (peer) => {
    peer.send(delivery('1', { destination: '/topic/news' }))
    peer.confirm(await peer.next('ACK'))
  }, topic)
  const taken = await on.inbox.next()
  const error = await failure(taken.settle('requeue'))
  assert.deepEqual([error.code, error.message.includes('topic://news')], ['unsupported', true])
  await soon(taken.settle('ack'), 'the acknowledge')
})

test('settlements that wait when the link drops are rejected at once, and later ones, too', async () => {
  await using on = await subscribed(async (peer) => {
    peer.send(delivery('1'))
    peer.send(delivery('2'))
    await peer.next('ACK')
    await peer.destroy()
  })
  const [one, two] = [await on.inbox.next(1), await on.inbox.next(2)]
  const first = await failure(one.settle('ack'))
  assert.deepEqual([first.code, first.retriable], ['link-lost', true])
  const second = await failure(two.settle('ack'))
  assert.deepEqual([second.code, second.retriable], ['link-lost', true])
})

test('an ERROR for one SUBSCRIBE says whether it is for good, and leaves its siblings alone', async () => {
  for (const [text, code, retriable] of [
    ['User guest is not authorized to read from: queue://jobs', 'authentication', false],
    ['Durable consumer is in use', 'rejected', true],
  ] as const) {
    await using on = await subscribed(async (peer) => {
      const subscribe = await peer.next('SUBSCRIBE')
      peer.send({ command: 'ERROR', headers: { message: text, 'receipt-id': subscribe.headers['receipt'] ?? '' } })
      peer.send(delivery('1'))
      await confirmAll(peer)
    })
    const error = await failure(on.link.subscribe(JOBS, { prefetch: 1 }, new Inbox()))
    assert.deepEqual([error.code, error.retriable], [code, retriable])
    await soon((await on.inbox.next()).settle('ack'), 'the acknowledge')
  }
})

test('a link lost during SUBSCRIBE rejects it, retriable', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    await peer.next('SUBSCRIBE')
    await peer.destroy()
  })
  const link = await dialAt(broker.port)
  const error = await failure(link.subscribe(JOBS, { prefetch: 1 }, new Inbox()))
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
  const late = await failure(link.subscribe(JOBS, { prefetch: 1 }, new Inbox()))
  assert.equal(late.retriable, true)
})

test('cancel without the time to wait tells the broker all the same', async () => {
  const told = Promise.withResolvers<Frame>()
  await using on = await subscribed(async (peer) => told.resolve(await peer.next('UNSUBSCRIBE')))
  await soon(on.subscription.cancel(AbortSignal.abort()), 'the end of cancel')
  assert.equal((await soon(told.promise, 'UNSUBSCRIBE')).headers['id'], 'understudy-1')
})

test('cancel unsubscribes once, and what comes until the broker has heard of it is dropped, not kept', async () => {
  const unsubscribes: Frame[] = []
  await using on = await subscribed(async (peer) => {
    const frame = await peer.next('UNSUBSCRIBE')
    unsubscribes.push(frame)
    peer.send(delivery('too late', {}, Buffer.alloc(100_000)))
    peer.confirm(frame)
    peer.send(delivery('even later'))
    unsubscribes.push(await peer.next('UNSUBSCRIBE'))
  })
  await soon(on.subscription.cancel(never), 'the end of the subscription')
  await on.subscription.cancel(never)
  const other = new Inbox()
  void on.link.subscribe(JOBS, { prefetch: 1 }, other).catch(() => {})
  await until(() => (on.broker.peers[0]?.pending('SUBSCRIBE').length ?? 0) === 1, 'the next SUBSCRIBE')
  assert.equal(on.inbox.deliveries.length, 0)
  assert.deepEqual(
    unsubscribes.map(({ headers }) => headers['id']),
    ['understudy-1'],
  )
})

test('a message whose body is still on its way when the subscription is cancelled is dropped', async () => {
  await using on = await subscribed(async (peer) => {
    const head = (id: number): string =>
      `MESSAGE\nsubscription:understudy-1\nack:${id}\nmessage-id:${id}\ndestination:/queue/jobs\ncontent-length:8\n\n`
    peer.write(`${head(1)}the body\0${head(2)}half`)
    const frame = await peer.next('UNSUBSCRIBE')
    peer.write('half\0')
    peer.confirm(frame)
  })
  await on.inbox.next()
  await soon(on.subscription.cancel(never), 'the end of the subscription')
  assert.equal(on.inbox.deliveries.length, 1)
})

test('cancel with a mute peer is over when its signal fires', async () => {
  await using on = await subscribed(() => {})
  const late = new AbortController()
  const cancelling = watch(on.subscription.cancel(late.signal))
  await until(() => (on.broker.peers[0]?.pending('UNSUBSCRIBE').length ?? 0) === 1, 'UNSUBSCRIBE')
  assert.equal(cancelling.ending().kind, 'pending')
  late.abort()
  await until(() => cancelling.ending().kind === 'done', 'the end of cancel')
})

test('close says DISCONNECT, waits for its RECEIPT and ends the connection', async () => {
  let goodbye: Frame | undefined
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    goodbye = await peer.next('DISCONNECT')
    peer.confirm(goodbye)
  })
  const link = await dialAt(broker.port)
  await Promise.all([link.close(never), link.close(never)])
  await link.close(never)
  assert.deepEqual(await link.closed, { kind: 'closed' })
  assert.ok(goodbye?.headers['receipt'])
  await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
})

test('close with a dead peer is over when its signal fires, also a second close with a signal of its own', async () => {
  for (const whose of ['first', 'second'] as const) {
    await using broker = await scriptedBroker(async (peer) => void (await peer.acceptConnect()))
    const link = await dialAt(broker.port)
    const late = new AbortController()
    const closing = [
      watch(link.close(whose === 'first' ? late.signal : never)),
      watch(link.close(whose === 'second' ? late.signal : never)),
    ]
    await until(() => (broker.peers[0]?.pending('DISCONNECT').length ?? 0) === 1, 'DISCONNECT')
    assert.ok(closing.every(({ ending }) => ending().kind === 'pending'))
    late.abort()
    await until(() => closing.every(({ ending }) => ending().kind === 'done'), 'the end of close')
    await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
  }
})

test('a peer that answers the goodbye by hanging up, orderly or not, is a closed link and no loss', async () => {
  for (const how of ['ends', 'resets'] as const) {
    await using broker = await scriptedBroker(async (peer) => {
      await peer.acceptConnect()
      await peer.next('DISCONNECT')
      if (how === 'ends') peer.socket.end()
      else await peer.destroy()
    })
    const link = await dialAt(broker.port)
    await soon(link.close(never), 'the end of close')
    assert.deepEqual(await link.closed, { kind: 'closed' })
  }
})

test('a peer that goes silent past its heart-beat is told as that', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.next('CONNECT')
    peer.send({ command: 'CONNECTED', headers: { version: '1.2', 'heart-beat': '50,50' } })
  })
  const link = await dialAt(broker.port, 'heartbeat=50')
  const error = await lossOf(link)
  assert.deepEqual([error.code, error.retriable], ['heartbeat-lost', true])
  assert.ok((broker.peers[0]?.bytesRead ?? 0) > 0)
})

test('a peer whose heart-beats come is kept, and is sent ours', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.next('CONNECT')
    peer.send({ command: 'CONNECTED', headers: { version: '1.2', 'heart-beat': '50,50' } })
    for (let beat = 0; beat < 20 && !peer.isClosed; beat++) {
      const before = peer.bytesRead
      await until(() => peer.bytesRead > before || peer.isClosed, 'our heart-beat')
      peer.write('\n')
    }
  })
  const link = await dialAt(broker.port, 'heartbeat=50')
  const ended = watch(link.closed)
  const [peer] = broker.peers
  assert.ok(peer)
  const before = peer.bytesRead
  await until(() => peer.bytesRead >= before + 10, 'ten heart-beats')
  assert.equal(ended.ending().kind, 'pending')
  await link.close(AbortSignal.abort())
})

test('a subscription is called what its owner says', async () => {
  const subscribed = Promise.withResolvers<Frame>()
  await using broker = await scriptedBroker(async (peer) => subscribed.resolve(await acceptSubscription(peer)))
  const link = await dialAt(broker.port)
  const inbox = new Inbox()
  await soon(link.subscribe(JOBS, { prefetch: 7, name: 'worker-box-7' }, inbox), 'the subscription')
  const { headers } = await subscribed.promise
  assert.equal(headers['id'], 'worker-box-7-1')
  broker.peers[0]?.send(delivery('m', { subscription: 'worker-box-7-1' }))
  assert.equal((await inbox.next()).message.body.toString(), 'm')
  await link.close(AbortSignal.abort())
})
