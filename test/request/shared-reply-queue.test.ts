import assert from 'node:assert/strict'
import test from 'node:test'
import { settled } from '../support/fake-clock.ts'
import { requesting, requestTo } from './requesting.ts'

const replyTo = 'queue://myapp.reply'

test('a reply to somebody else goes back to a shared queue, after a pause', async () => {
  const of = await requesting()
  const answer = of.connection.request('work', 1, { replyTo })
  const request = await requestTo(of)
  assert.deepEqual(request.replyTo, { kind: 'queue', name: 'myapp.reply' })
  of.reply(request, 'theirs', { overrides: { id: 'theirs', correlationId: 'of another' } })
  of.reply(request, 'ours', { overrides: { id: 'ours' } })
  assert.equal((await answer).json(), 'ours')
  const { settlements } = of.subscription('myapp.reply')
  assert.deepEqual(settlements, [{ id: 'ours', as: 'ack' }])
  await of.clock.advance(100)
  assert.deepEqual(settlements[1], { id: 'theirs', as: 'requeue' })
  assert.deepEqual([of.connection.requests.passedOn, of.connection.requests.unmatched], [1, 0])
  await of.connection.close()
})

test('a late reply to a request of our own is dropped, shared queue or not', async () => {
  const of = await requesting()
  const answer = of.connection.request('work', 1, { replyTo })
  const request = await requestTo(of)
  of.reply(request, 'first')
  await answer
  of.reply(request, 'second')
  await of.clock.advance(1000)
  assert.deepEqual(
    of.subscription('myapp.reply').settlements.map(({ as }) => as),
    ['ack', 'ack'],
  )
  assert.equal(of.connection.requests.unmatched, 1)
  await of.connection.close()
})

test("a reply that goes round for a minute is nobody's and ends in the dead letters", async () => {
  const of = await requesting()
  void of.connection.request('work', 1, { replyTo, timeoutMs: 300_000 }).catch(() => {})
  const request = await requestTo(of)
  const { settlements } = of.subscription('myapp.reply')
  for (let round = 0; settlements.at(-1)?.as !== 'reject'; round++) {
    assert.ok(round <= 1200, 'it goes round for ever')
    of.reply(request, 'theirs', { overrides: { id: 'theirs', correlationId: 'of a dead process' } })
    await of.clock.advance(100)
  }
  assert.equal(of.connection.requests.unmatched, 1)
  await of.connection.close()
})

test('what is held for others goes back at once when the connection closes, and leaves no timer', async () => {
  const of = await requesting()
  void of.connection.request('work', 1, { replyTo }).catch(() => {})
  const request = await requestTo(of)
  of.reply(request, 'theirs', { overrides: { id: 'theirs', correlationId: 'of another' } })
  const { settlements } = of.subscription('myapp.reply')
  await of.connection.close()
  assert.deepEqual(settlements, [{ id: 'theirs', as: 'requeue' }])
  await settled()
  assert.equal(of.clock.pending, 0)
})

test("an application's own reply queue is left as it was declared", async () => {
  const of = await requesting()
  void of.connection.request('work', 1, { replyTo }).catch(() => {})
  await requestTo(of)
  assert.deepEqual(
    of.transport.links.flatMap(({ declared }) => declared),
    [],
  )
  await of.connection.close()
})
