import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import type { Delivery } from '../../src/listener/delivery.ts'
import type { ReplyHearer } from '../../src/request/requests.ts'
import { settled } from '../support/fake-clock.ts'
import { lost } from '../support/scripted-transport.ts'
import { type Requesting, requesting, requestTo, withCode } from './requesting.ts'

interface Heard extends ReplyHearer {
  readonly ids: string[]
  readonly errors: UnderstudyError[]
}

function hearer(wants: (delivery: Delivery) => boolean = () => true): Heard {
  const heard: Heard = {
    ids: [],
    errors: [],
    take: (delivery) => wants(delivery) && heard.ids.push(delivery.id) > 0,
    ended: (error) => heard.errors.push(error),
  }
  return heard
}

function deliver(of: Requesting, id: string, correlationId: string): void {
  of.subscription().deliver(id, { body: Buffer.from('1'), correlationId })
}

test('what answers no request goes to whoever hears replies, over one subscription for both', async () => {
  const of = await requesting()
  const heard = hearer(({ correlationId }) => correlationId === 'job')
  const stop = await of.connection.hearReplies(heard)
  const answer = of.connection.request('work', 1)
  const request = await requestTo(of)
  assert.equal(`queue://${request.replyTo?.name}`, of.connection.replyTo)
  deliver(of, 'one', 'job')
  deliver(of, 'two', 'somebody')
  of.reply(request, 7)
  assert.equal((await answer).json(), 7)
  await settled()
  assert.deepEqual(heard.ids, ['one'])
  assert.equal(of.connection.requests.unmatched, 1)
  assert.equal(of.transport.links.flatMap(({ subscriptions }) => subscriptions).length, 1)
  assert.deepEqual(
    of.subscription().settlements.map(({ as }) => as),
    ['ack', 'ack', 'ack'],
  )
  stop()
  deliver(of, 'three', 'job')
  await settled()
  assert.deepEqual(heard.ids, ['one'])
  await of.connection.close()
})

test('replies are heard on the next link too', async () => {
  const of = await requesting()
  const heard = hearer()
  await of.connection.hearReplies(heard)
  const before = of.subscription()
  of.transport.links.find(({ subscriptions }) => subscriptions.length > 0)?.die(lost())
  await of.clock.advance(1000)
  assert.notEqual(of.subscription(), before)
  deliver(of, 'after', 'job')
  await settled()
  assert.deepEqual([heard.ids, heard.errors], [['after'], []])
  await of.connection.close()
})

test('who hears replies is told once that none will come any more', async () => {
  const of = await requesting()
  const [heard, gone] = [hearer(), hearer()]
  await of.connection.hearReplies(heard)
  const stop = await of.connection.hearReplies(gone)
  stop()
  await of.connection.close()
  assert.deepEqual([heard.errors.map(({ code }) => code), gone.errors], [['closed'], []])
  await assert.rejects(of.connection.hearReplies(hearer()), withCode('closed'))
})

test('who hears again at once is not told of the end of the subscription before', async () => {
  const of = await requesting()
  const refused = new UnderstudyError('unsupported', 'no such queue here')
  of.transport.onLink = (link) => {
    link.subscribing = refused
  }
  const again = hearer()
  let hearing: Promise<() => void> | undefined
  const first: ReplyHearer = {
    take: () => false,
    ended: () => {
      for (const link of of.transport.links) link.subscribing = 'accept'
      hearing = of.connection.hearReplies(again)
    },
  }
  await assert.rejects(of.connection.hearReplies(first), withCode('unsupported'))
  await hearing
  deliver(of, 'one', 'job')
  await settled()
  assert.deepEqual([again.ids, again.errors], [['one'], []])
  await of.connection.close()
})
