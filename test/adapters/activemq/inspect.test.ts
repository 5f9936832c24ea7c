import assert from 'node:assert/strict'
import test from 'node:test'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import type { Frame } from '../../../infra/embedded/stomp/frames.ts'
import type { Link } from '../../../src/transport/link.ts'
import type { DialContext } from '../../../src/transport/transport.ts'
import { scriptedBroker, type StompPeer } from '../../support/stomp-peer.ts'
import { endpointAt, failure, Inbox, never, soon } from './dialled.ts'

/** A broker with one queue, as far as looking at it and taking from it goes. */
class OneQueue {
  readonly frames: Frame[] = []
  /** How many messages wait. */
  ready: number
  /** How many a consumer elsewhere holds: ActiveMQ shows them as well. */
  readonly held: number
  readonly bodyBytes: number
  readonly #looks = new Map<string, { left: number }>()

  constructor(ready: number, { held = 0, bodyBytes = 1 } = {}) {
    this.ready = ready
    this.held = held
    this.bodyBytes = bodyBytes
  }

  async play(peer: StompPeer): Promise<void> {
    await peer.acceptConnect()
    for (;;) {
      const frame = await peer.next((one) => one.headers['receipt'] !== undefined, 60_000)
      this.frames.push(frame)
      peer.confirm(frame)
      const { id = '', browser, ack, destination = '' } = frame.headers
      if (frame.command === 'ACK') this.#show(peer, id)
      if (frame.command !== 'SUBSCRIBE') continue
      if (browser === 'true') {
        this.#looks.set(id, { left: this.ready + this.held })
        this.#show(peer, id)
      } else if (ack === 'auto') {
        for (; this.ready > 0; this.ready -= 1) this.#message(peer, id, destination)
      }
    }
  }

  /** Up to a window; the `ack` header names the look, which is enough for a script. */
  #show(peer: StompPeer, id: string): void {
    const look = this.#looks.get(id)
    if (look === undefined) return
    for (let room = 100; room > 0; room -= 1, look.left -= 1) {
      if (look.left === 0) {
        const headers = { subscription: id, destination: '/queue/q', 'message-id': '0', browser: 'end' }
        peer.send({ command: 'MESSAGE', headers })
        this.#looks.delete(id)
        return
      }
      this.#message(peer, id, '/queue/q')
    }
  }

  #message(peer: StompPeer, subscription: string, destination: string): void {
    const headers = { subscription, destination, 'message-id': 'ID:1', ack: subscription }
    peer.send({ command: 'MESSAGE', headers, body: Buffer.alloc(this.bodyBytes, 'x') })
  }

  subscribes(): (string | undefined)[][] {
    return this.frames
      .filter(({ command }) => command === 'SUBSCRIBE')
      .map(({ headers }) => [headers['destination'], headers['browser'], headers['ack']])
  }

  count(command: string): number {
    return this.frames.filter((frame) => frame.command === command).length
  }
}

async function linkTo(queue: OneQueue, context?: DialContext): Promise<{ link: Link } & AsyncDisposable> {
  const broker = await scriptedBroker((peer) => queue.play(peer))
  const link = await activemqTransport().dial(endpointAt(broker.port), never, context)
  return {
    link,
    async [Symbol.asyncDispose]() {
      await link.close(AbortSignal.abort())
      await broker.close()
    },
  }
}

test('a look counts by the browser of the broker, window by window, and ends its subscription', async () => {
  const queue = new OneQueue(250)
  await using on = await linkTo(queue)
  assert.deepEqual(await soon(on.link.inspect('q'), 'the look'), { ready: 250, isExact: false, consumers: undefined })
  assert.deepEqual(queue.subscribes(), [['/queue/q', 'true', 'client']])
  assert.deepEqual([queue.count('ACK'), queue.count('UNSUBSCRIBE')], [2, 1])
  assert.equal(queue.ready, 250)
})

test('a look goes no further than a thousand messages', async () => {
  const queue = new OneQueue(100_000)
  await using on = await linkTo(queue)
  assert.equal((await soon(on.link.inspect('q'), 'the look'))?.ready, 1000)
  assert.deepEqual([queue.count('ACK'), queue.count('UNSUBSCRIBE')], [9, 1])
})

test('a look goes no further than 64 MiB', async () => {
  const queue = new OneQueue(200, { bodyBytes: 2 ** 20 })
  await using on = await linkTo(queue)
  assert.equal((await soon(on.link.inspect('q'), 'the look'))?.ready, 64)
  assert.deepEqual([queue.count('ACK'), queue.count('UNSUBSCRIBE')], [0, 1])
})

test('an empty queue is told from none where the link used it or the application declared it', async () => {
  const queue = new OneQueue(0)
  await using on = await linkTo(queue)
  const empty = { ready: 0, isExact: true, consumers: undefined }
  assert.equal(await soon(on.link.inspect('q'), 'the first look'), undefined)
  assert.equal(await soon(on.link.inspect('q'), 'the second look'), undefined)
  await soon(on.link.subscribe({ kind: 'queue', name: 'q' }, { prefetch: 1 }, new Inbox()), 'the subscription')
  assert.deepEqual(await soon(on.link.inspect('q'), 'the third look'), empty)
  await soon(on.link.declare('r', {}), 'the declaration')
  assert.deepEqual(await soon(on.link.inspect('r'), 'the fourth look'), empty)
  const topology = { settingsOf: (name: string) => (name === 'q' ? {} : undefined), declared: () => [] }
  await using declared = await linkTo(queue, { topology, onBlocked: () => {} })
  assert.deepEqual(await soon(declared.link.inspect('q'), 'a look at a declared one'), empty)
})

test('a purge takes all that waits, and stops at what others hold', async () => {
  const queue = new OneQueue(2500, { held: 3 })
  await using on = await linkTo(queue)
  assert.equal(await soon(on.link.purge('q'), 'the purge'), 2500)
  const taking = queue.subscribes().filter(([, browser]) => browser === undefined)
  assert.deepEqual(taking, [['/queue/q', undefined, 'auto']])
  assert.equal(queue.count('SUBSCRIBE'), queue.count('UNSUBSCRIBE'))
})

test('a purge of an empty queue takes nothing', async () => {
  const queue = new OneQueue(0)
  await using on = await linkTo(queue)
  assert.equal(await soon(on.link.purge('q'), 'the purge'), 0)
  assert.deepEqual(queue.subscribes(), [['/queue/q', 'true', 'client']])
})

test('a wildcard is no queue that could be looked at or purged', async () => {
  const queue = new OneQueue(1)
  await using on = await linkTo(queue)
  assert.equal((await failure(on.link.inspect('a.>'))).code, 'invalid-option')
  assert.equal((await failure(on.link.purge('*'))).code, 'invalid-option')
  assert.deepEqual(queue.frames, [])
})

for (const question of ['inspect', 'purge'] as const) {
  test(`a link that is lost ends ${question} with the reason`, async () => {
    const broker = await scriptedBroker(async (peer) => {
      await peer.acceptConnect()
      peer.confirm(await peer.next('SUBSCRIBE'))
      await peer.destroy()
    })
    const link = await activemqTransport().dial(endpointAt(broker.port), never)
    const error = await failure(link[question]('q'))
    assert.deepEqual([error.code, error.retriable], ['link-lost', true])
    assert.equal((await failure(link[question]('q'))).code, 'link-lost')
    await broker.close()
  })
}

test('a user who may not read the queue learns it', async () => {
  const broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    const subscribe = await peer.next('SUBSCRIBE')
    const said = 'User u is not authorized to read from: queue://q'
    peer.send({ command: 'ERROR', headers: { message: said, 'receipt-id': subscribe.headers['receipt'] ?? '' } })
    await peer.next('DISCONNECT', 60_000).catch(() => {})
  })
  const link = await activemqTransport().dial(endpointAt(broker.port), never)
  const error = await failure(link.inspect('q'))
  assert.deepEqual([error.code, error.retriable], ['authentication', false])
  await link.close(AbortSignal.abort())
  await broker.close()
})
