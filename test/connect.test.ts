import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, it, test } from 'node:test'
import { createLabs } from '../infra/labs/labs.ts'
import type { Lab } from '../infra/labs/lab.ts'
import { drillUri } from '../src/cli/drill/run.ts'
import { connect, prepare } from '../src/connect.ts'
import type { Connection } from '../src/connection.ts'
import { SendError, StaleDeliveryError, UnderstudyError } from '../src/errors.ts'
import type { StatusEvent } from '../src/failover/status.ts'
import type { Delivery } from '../src/listener/delivery.ts'
import { brokerSkip } from './support/brokers.ts'
import { labRootFor } from './support/lab-root.ts'
import { type ScriptedBroker, scriptedBroker, type StompPeer } from './support/stomp-peer.ts'
import { confirmAll, failure, soon, until } from './adapters/activemq/dialled.ts'

for (const [uri, code, why] of [
  ['stomp://a?vhots=x', 'invalid-option', /unknown option "vhots" of stomp:\/\/a:61613; did you mean vhost\?/],
  ['stomp://a/path', 'invalid-uri', /has a path/],
  ['stomp://a?maxFrameBytes=none', 'invalid-option', /maxFrameBytes/],
  ['amqp://a?queueTyp=quorum', 'invalid-option', /queueTyp.*queueType/],
  ['amqps://a?queueType=quorun', 'invalid-option', /queueType of amqps:.*quorum/],
  ['failover:(stomp://a)?priorityBackup=true&priorityURIs=stomp://b', 'invalid-option', /priorityURIs/],
  ['failover:(stomp://a,ftp://b)', 'invalid-uri', /unknown scheme ftp:/],
] as const) {
  test(`${uri} is refused before anything is dialled`, async () => {
    const error = await failure(prepare(uri))
    assert.equal(error.code, code)
    assert.match(error.message, why)
  })
}

test('TLS settings that no broker of the list would use are refused: nobody is left to think they encrypt', async () => {
  const tls = { serverName: 'broker' }
  const error = await failure(prepare('failover:(stomp://a,amqp://b)', { tls }))
  assert.equal(error.code, 'invalid-option')
  assert.match(error.message, /stomp\+ssl: or amqps:/)
  const mixed = await prepare('failover:(stomp+ssl://a,amqp://b)', { tls })
  await mixed.close()
})

test('an option of connect with a slip in its name is refused', async () => {
  const error = await failure(prepare('memory:slip', { loger: undefined } as object))
  assert.deepEqual(
    [error.code, error.message],
    ['invalid-option', 'unknown connect option "loger"; did you mean logger?'],
  )
})

test('connect says with which reason its signal fired', async () => {
  const reason = new Error('the deployment was called off')
  for (const when of ['before', 'meanwhile'] as const) {
    const caller = new AbortController()
    if (when === 'before') caller.abort(reason)
    const connecting = failure(connect('stomp://127.0.0.1:1', { signal: caller.signal }))
    caller.abort(reason)
    const error = await connecting
    assert.deepEqual([error.code, error.cause], ['aborted', reason])
  }
})

test('connect gives up when its signal fires, and leaves no dial behind', async () => {
  await using broker = await scriptedBroker(() => {})
  const caller = new AbortController()
  const connecting = failure(connect(`stomp://127.0.0.1:${broker.port}`, { signal: caller.signal }))
  await until(() => broker.peers.length > 0, 'the connection')
  caller.abort()
  assert.equal((await connecting).code, 'aborted')
  await soon(Promise.all(broker.peers.map(({ closed }) => closed)), 'the end of the connections')
})

test('connect with wrong credentials ends at once, and nothing of the error shows them', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.next('CONNECT')
    const headers = { message: 'User name [hunter2] or password is invalid.', 'content-type': 'text/plain' }
    peer.send({ command: 'ERROR', headers, body: 'hunter2\n' })
  })
  const error = await failure(connect(`failover:(stomp://user:hunter2@127.0.0.1:${broker.port})`))
  assert.equal(error.code, 'authentication')
  assert.equal(broker.peers.length, 1)
  assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter2/)
})

test('one poisonous subscription is refused for good, and its listener told; others on the link go on', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    for (;;) {
      const frame = await peer.next(({ headers }) => headers['receipt'] !== undefined, 60_000)
      if (frame.headers['destination'] !== '/queue/secret') peer.confirm(frame)
      else {
        const headers = {
          message: 'User guest is not authorized to read from: queue://secret',
          'receipt-id': frame.headers['receipt'] ?? '',
        }
        peer.send({ command: 'ERROR', headers })
      }
    }
  })
  await using connection = await connect(`stomp://127.0.0.1:${broker.port}?heartbeat=0`)
  const [secret, open] = [connection.listen('secret', () => {}), connection.listen('open', () => {})]
  assert.equal((await failure(secret.ready)).code, 'authentication')
  await soon(open.ready, 'the other subscription')
  await connection.close()
})

test('one poisonous message is refused for good, and those beside it are confirmed', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    for (;;) {
      const frame = await peer.next(({ headers }) => headers['receipt'] !== undefined, 60_000)
      if (frame.headers['destination'] !== '/queue/full') peer.confirm(frame)
      else {
        const headers = { message: 'Usage limit reached', 'receipt-id': frame.headers['receipt'] ?? '' }
        peer.send({ command: 'ERROR', headers, body: 'java.lang…\n' })
      }
    }
  })
  await using connection = await connect(`failover:(stomp://127.0.0.1:${broker.port}?heartbeat=0)?retryThreshold=1000`)
  const poison = failure(connection.send('full', 'x'))
  const beside = ['1', '2', '3'].map((id) => connection.send('jobs', 'x', { id }))
  assert.deepEqual(await soon(Promise.all(beside), 'the confirms'), ['1', '2', '3'])
  const error = await poison
  assert.ok(error instanceof SendError)
  // The last time that it was asked about may have had no answer before the threshold.
  const refusal = error.outcome === 'unknown' ? error.cause : error
  assert.ok(refusal instanceof SendError)
  assert.deepEqual([refusal.code, refusal.outcome], ['rejected', 'rejected'])
  assert.ok(error.attempts > 1, 'it was asked about again')
  assert.equal(broker.peers.length, 1, 'the link was spared')
  await connection.close()
})

test('a half-open peer is found by its heart-beat, and what it never confirmed goes to the next broker', async () => {
  const answersCold = async (peer: StompPeer): Promise<void> => {
    await peer.next('CONNECT')
    peer.send({ command: 'CONNECTED', headers: { version: '1.2', 'heart-beat': '50,50' } })
  }
  await using silent = await scriptedBroker(answersCold)
  await using alive = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    await confirmAll(peer)
  })
  const list = [silent, alive].map(({ port }: ScriptedBroker) => `stomp://127.0.0.1:${port}`)
  await using connection = await connect(`failover:(${list.join(',')})?randomize=false&nested.heartbeat=50`)
  const events: StatusEvent[] = []
  connection.observe((event) => events.push(event))
  await soon(connection.send('jobs', 'x'), 'the confirm')
  const interrupted = events.find(({ type }) => type === 'interrupted')
  assert.ok(interrupted?.type === 'interrupted' && interrupted.error.code === 'heartbeat-lost')
  await connection.close()
})

test('close with a peer that has died without a word is bounded', async () => {
  await using broker = await scriptedBroker(async (peer) => void (await peer.acceptConnect()))
  await using connection = await connect(`stomp://127.0.0.1:${broker.port}?heartbeat=0&drainTimeout=100`)
  const sending = failure(connection.send('jobs', 'x'))
  await soon(connection.close(), 'the end of close')
  const error = await sending
  assert.ok(error instanceof SendError)
  assert.equal(error.outcome, 'unknown')
  await soon(Promise.all(broker.peers.map(({ closed }) => closed)), 'the end of the connections')
})

/** Sends as fast as confirms come, until told to stop; collects the ids that were confirmed. */
function producing(connection: Connection, prefix: string): { confirmed: string[]; stop: () => Promise<void> } {
  const confirmed: string[] = []
  const stop = new AbortController()
  const running = (async () => {
    for (let number = 1; !stop.signal.aborted; number++) {
      const ids = Array.from({ length: 5 }, (_, index) => `${prefix}-${number}-${index}`)
      confirmed.push(...(await Promise.all(ids.map((id) => connection.send('queue://jobs', { id }, { id })))))
    }
  })()
  return {
    confirmed,
    stop: () => {
      stop.abort()
      return running
    },
  }
}

for (const name of ['embedded', 'activemq-jdbc']) {
  describe(`failover on ${name}`, { skip: brokerSkip(name) }, () => {
    const open = (lab: Lab): Promise<Connection> => connect(drillUri(lab, { retryThreshold: '-1' }))

    it('loses nothing that was confirmed when the broker is killed in the middle of it', async (context) => {
      const lab = await createLabs({ root: labRootFor(context) }).up(name)
      try {
        await using connection = await open(lab)
        const events: StatusEvent[] = []
        connection.observe((event) => events.push(event))
        const consumed = new Set<string>()
        const listener = connection.listen(
          'queue://jobs',
          async (delivery) => {
            const { id } = delivery.json<{ id: string }>()
            assert.equal(id, delivery.id)
            consumed.add(id)
            await delivery.ack().catch((error: unknown) => {
              assert.ok(error instanceof StaleDeliveryError, String(error))
            })
          },
          { prefetch: 20 },
        )
        await listener.ready
        const producer = producing(connection, 'job')
        await until(() => producer.confirmed.length >= 50 && consumed.size >= 50, 'steady traffic')
        const master = await lab.active()
        assert.ok(master)
        await lab.kill(master)
        await until(
          () => new Set(events.flatMap((event) => (event.type === 'resumed' ? [event.role] : []))).size === 2,
          'both links to be back',
        )
        const before = producer.confirmed.length
        await until(() => producer.confirmed.length >= before + 50, 'confirms from the other broker')
        await soon(producer.stop(), 'the last confirms')
        await until(() => producer.confirmed.every((id) => consumed.has(id)), 'every confirmed job to be consumed')
        assert.notEqual(await lab.active(), master)
      } finally {
        await lab.down()
      }
    })

    it('hands back what was not acknowledged, and refuses what was settled on the lost link', async (context) => {
      const lab = await createLabs({ root: labRootFor(context) }).up(name)
      try {
        await using connection = await open(lab)
        const taken: Delivery[] = []
        const listener = connection.listen('queue://held', (delivery) => void taken.push(delivery))
        await listener.ready
        await connection.send('queue://held', 'ü\0€', { id: 'held', headers: { 'a:b': 'c\\d\ne' } })
        await until(() => taken.length === 1, 'the delivery')
        const master = await lab.active()
        assert.ok(master)
        await lab.kill(master)
        await until(() => taken.length === 2, 'the delivery from the other broker')
        const [first, second] = taken
        assert.ok(first && second)
        await assert.rejects(first.ack(), (error) => error instanceof StaleDeliveryError)
        assert.deepEqual([second.id, second.text(), second.headers['a:b']], ['held', 'ü\0€', 'c\\d\ne'])
        assert.notEqual(second.endpoint, first.endpoint)
        await second.ack()
        assert.equal(listener.unsettled, 0)
      } finally {
        await lab.down()
      }
    })
  })
}

describe('a lab with credentials', { skip: brokerSkip('activemq-jdbc') }, () => {
  it('refuses a wrong password at once, without showing it', async (context) => {
    const lab = await createLabs({ root: labRootFor(context) }).up('activemq-jdbc')
    try {
      assert.ok(lab.credentials)
      const uri = drillUri(lab, {}).replaceAll(encodeURIComponent(lab.credentials.password), 'hunter2')
      const error = await failure(connect(uri))
      assert.ok(error instanceof UnderstudyError && error.code === 'authentication', error.message)
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter2/)
    } finally {
      await lab.down()
    }
  })
})
