import assert from 'node:assert/strict'
import test from 'node:test'
import { StaleDeliveryError, UnderstudyError } from '../../src/errors.ts'
import { DeliverySettlement } from '../../src/listener/settlement.ts'
import type { Settlement } from '../../src/transport/link.ts'

const ENDPOINT = 'stomp://a:61613'

interface Given {
  readonly settlement: DeliverySettlement
  /** What reached the link. */
  readonly calls: Settlement[]
  /** What the watcher was told. */
  readonly told: string[]
}

function given(answer: (as: Settlement) => Promise<void> = () => Promise.resolve()): Given {
  const calls: Settlement[] = []
  const told: string[] = []
  const message = {
    id: 'job-1',
    attempt: 1,
    destination: { kind: 'queue', name: 'jobs' } as const,
    body: Buffer.alloc(0),
    contentType: undefined,
    headers: {},
    redelivered: false,
    correlationId: undefined,
    replyTo: undefined,
  }
  const delivery = {
    message,
    settle: (as: Settlement) => {
      calls.push(as)
      return answer(as)
    },
  }
  const settlement = new DeliverySettlement(
    delivery,
    ENDPOINT,
    {
      settling: () => told.push('settling'),
      over: () => told.push('over'),
      left: () => told.push('left'),
      reopened: () => told.push('reopened'),
    },
    undefined,
  )
  return { settlement, calls, told }
}

const isStale = (error: unknown): boolean =>
  error instanceof StaleDeliveryError && error.code === 'stale-delivery' && error.endpoint === ENDPOINT

test('the same word twice is one settlement, and both end with the broker’s answer', async () => {
  const answer = Promise.withResolvers<void>()
  const { settlement, calls, told } = given(() => answer.promise)
  const both = [settlement.settle('ack'), settlement.settle('ack')]
  assert.deepEqual(told, ['settling'])
  answer.resolve()
  await Promise.all(both)
  await settlement.settle('ack')
  assert.deepEqual(calls, ['ack'])
  assert.deepEqual(told, ['settling', 'over'])
})

test('another word after the first is an error, and reaches no link', async () => {
  const { settlement, calls } = given()
  await settlement.settle('ack')
  for (const word of ['reject', 'requeue'] as const) {
    await assert.rejects(settlement.settle(word), (error) => {
      assert.ok(error instanceof UnderstudyError)
      assert.equal(error.code, 'already-settled')
      assert.equal(error.message, `delivery of message job-1: ${word} after ack`)
      return true
    })
  }
  assert.deepEqual(calls, ['ack'])
})

test('after its link went it is stale, and nothing is touched', async () => {
  const { settlement, calls, told } = given()
  settlement.expire()
  settlement.expire()
  assert.ok(!settlement.isOpen)
  for (const word of ['ack', 'reject', 'requeue'] as const) await assert.rejects(settlement.settle(word), isStale)
  assert.deepEqual(calls, [])
  assert.deepEqual(told, ['over'])
})

test('a link that went before the broker confirmed makes it stale, and says that it may come again', async () => {
  const lost = new UnderstudyError('link-lost', 'reset', { retriable: true })
  const { settlement, told } = given(() => Promise.reject(lost))
  const first = settlement.settle('ack')
  await assert.rejects(first, (error) => {
    assert.ok(isStale(error))
    assert.ok(error instanceof Error && error.cause === lost)
    assert.match(error.message, /before the broker confirmed the ack; it may be delivered again: reset/)
    return true
  })
  await assert.rejects(settlement.settle('ack'), isStale)
  assert.deepEqual(told, ['settling', 'over'])
})

test('a driver that fails in its own way is a stale delivery, too', async () => {
  const { settlement } = given(() => Promise.reject(new TypeError('x')))
  await assert.rejects(settlement.settle('ack'), isStale)
})

test('a broker that refuses the word for good is heard with its own error', async () => {
  const refused = new UnderstudyError('authentication', 'no permission')
  const { settlement } = given(() => Promise.reject(refused))
  await assert.rejects(settlement.settle('ack'), (error) => error === refused)
})

test('a word that this kind of link has not leaves the delivery open for another', async () => {
  const unsupported = new UnderstudyError('unsupported', 'no requeue here')
  const { settlement, calls, told } = given((as) =>
    as === 'requeue' ? Promise.reject(unsupported) : Promise.resolve(),
  )
  await assert.rejects(settlement.settle('requeue'), (error) => error === unsupported)
  assert.ok(settlement.isOpen)
  await settlement.settle('ack')
  assert.deepEqual(calls, ['requeue', 'ack'])
  assert.deepEqual(told, ['settling', 'reopened', 'settling', 'over'])
})

test('expiring what is being settled leaves the answer to the link', async () => {
  const answer = Promise.withResolvers<void>()
  const { settlement } = given(() => answer.promise)
  const settling = settlement.settle('ack')
  settlement.expire()
  answer.resolve()
  await settling
})
