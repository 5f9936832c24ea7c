import assert from 'node:assert/strict'
import test from 'node:test'
import { connectedProducer, failureOf, message, TWO, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'

test('a broker that stays silent is given up although every send gives up sooner', async () => {
  const uri = `${TWO}&retryThreshold=1000&confirmTimeout=5000`
  const { producer, clock, transport, events } = await connectedProducer({ uri })
  for (let n = 0; n < 12 && transport.links.length === 1; n++) {
    watch(producer.send(message(String(n))))
    await clock.advance(500)
  }
  assert.equal(transport.links.length, 2)
  assert.ok(events.some((event) => event.type === 'interrupted' && event.error.code === 'confirm-timeout'))
})

test('a send that its caller gave up is owed its confirm all the same', async () => {
  const { producer, clock, transport } = await connectedProducer({ uri: `${TWO}&confirmTimeout=5000` })
  const caller = new AbortController()
  watch(producer.send(message('one'), caller.signal))
  await clock.advance(1000)
  caller.abort()
  await clock.advance(4001)
  assert.equal(transport.links.length, 2)
})

test('what a blocked broker was handed keeps its room after it was given up, so that it stays at the bound', async () => {
  const uri = `${TWO}&maxPending=10&retryThreshold=1000`
  const { producer, link, clock } = await connectedProducer({ uri })
  link.context?.onBlocked('low on memory')
  const sends: ReturnType<typeof watch>[] = []
  for (let second = 0; second < 60; second++) {
    for (let n = 0; n < 5; n++) sends.push(watch(producer.send(message(`${second}-${n}`))))
    await clock.advance(1000)
  }
  await clock.advance(1000)
  assert.equal(link.sent.length, 10)
  assert.ok(sends.every(({ ending }) => ending().kind === 'failed'))
  const last = sends.at(-1) ?? assert.fail()
  assert.deepEqual([failureOf(last).code, failureOf(last).outcome], ['pending-full', 'not-sent'])
  link.context?.onBlocked(undefined)
  link.confirmAll()
  await settled()
  const after = watch(producer.send(message('after')))
  link.confirmAll()
  await settled()
  assert.equal(after.ending().kind, 'done')
})

test('a lost link owes nothing any more, and who waits for room gets it', async () => {
  const { producer, link, clock, transport } = await connectedProducer({ uri: `${TWO}&maxPending=1` })
  const caller = new AbortController()
  watch(producer.send(message('given up'), caller.signal))
  const next = watch(producer.send(message('next')))
  caller.abort()
  await settled()
  assert.deepEqual(link.ids, ['given up'])
  link.die()
  await clock.advance(1000)
  assert.deepEqual(transport.last.ids, ['next'])
  transport.last.confirmAll()
  await settled()
  assert.equal(next.ending().kind, 'done')
})

test('a drain waits for who still waits for room behind what was given up', async () => {
  const { producer, link } = await connectedProducer({ uri: `${TWO}&maxPending=1` })
  const caller = new AbortController()
  watch(producer.send(message('given up'), caller.signal))
  const next = watch(producer.send(message('next')))
  caller.abort()
  const drained = watch(producer.drain(new AbortController().signal))
  await settled()
  assert.deepEqual([producer.pending, drained.ending().kind], [0, 'pending'])
  link.confirmAll()
  await settled()
  link.confirmAll()
  await settled()
  assert.deepEqual([next.ending().kind, drained.ending().kind], ['done', 'done'])
})
