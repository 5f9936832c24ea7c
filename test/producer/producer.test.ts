import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { connectedProducer, failureOf, message, producerParts, TWO, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { lost, type ScriptedLink } from '../support/scripted-transport.ts'

const written = (link: ScriptedLink): string[] => link.sent.map(({ message, attempt }) => `${message.id}/${attempt}`)

test('a send resolves on the confirm and not before', async () => {
  const { producer, link, clock } = await connectedProducer()
  const sending = watch(producer.send(message('one')))
  await clock.advance(1000)
  assert.equal(sending.ending().kind, 'pending')
  assert.equal(producer.pending, 1)
  link.confirmAll()
  await settled()
  assert.equal(sending.ending().kind, 'done')
  assert.equal(producer.pending, 0)
})

test('confirms may come out of order; each ends its own send', async () => {
  const { producer, link } = await connectedProducer()
  const sends = ['a', 'b', 'c'].map((id) => watch(producer.send(message(id))))
  link.sent[2]?.confirm()
  link.sent[0]?.confirm()
  await settled()
  assert.deepEqual(
    sends.map(({ ending }) => ending().kind),
    ['done', 'pending', 'done'],
  )
})

test('the first send dials', async () => {
  const { producer, transport } = producerParts()
  const sending = watch(producer.send(message('one')))
  await settled()
  assert.deepEqual(transport.dialled, ['a'])
  transport.last.confirmAll()
  await settled()
  assert.equal(sending.ending().kind, 'done')
})

test('what was unconfirmed when the link was lost is sent again in order, same id, next attempt', async () => {
  const { producer, transport, link } = await connectedProducer()
  const sends = ['a', 'b', 'c', 'd'].map((id) => watch(producer.send(message(id))))
  link.sent[1]?.confirm()
  await settled()
  link.die()
  await settled()
  const next = transport.last
  assert.notEqual(next, link)
  assert.deepEqual(written(next), ['a/2', 'c/2', 'd/2'])
  assert.equal(next.sent[0]?.message, link.sent[0]?.message)
  next.confirmAll()
  await settled()
  assert.ok(sends.every(({ ending }) => ending().kind === 'done'))
})

test('a send made during the outage goes after those that wait for it already', async () => {
  const { producer, transport, link, clock } = await connectedProducer()
  transport.answer('a', 'refuse').answer('b', 'refuse')
  const early = watch(producer.send(message('early')))
  link.die()
  await settled()
  const late = watch(producer.send(message('late')))
  transport.answer('b', 'accept')
  await clock.advance(100)
  assert.deepEqual(written(transport.last), ['early/2', 'late/2'])
  transport.last.confirmAll()
  await settled()
  assert.deepEqual([early.ending().kind, late.ending().kind], ['done', 'done'])
})

test('what was written and never confirmed ends as unknown, what reached no socket as not sent', async () => {
  const { producer, transport, link, clock } = await connectedProducer({ uri: `${TWO}&retryThreshold=2000` })
  transport.answer('a', 'refuse').answer('b', 'refuse')
  const wasWritten = watch(producer.send(message('written')))
  link.die()
  await settled()
  const wasNot = watch(producer.send(message('not written')))
  await clock.advance(1999)
  assert.deepEqual([wasWritten.ending().kind, wasNot.ending().kind], ['pending', 'pending'])
  await clock.advance(1)
  const unknown = failureOf(wasWritten)
  assert.deepEqual([unknown.code, unknown.outcome, unknown.messageId], ['unconfirmed', 'unknown', 'written'])
  assert.equal(unknown.attempts, 1)
  assert.match(unknown.message, /message written: no broker confirmed it in time \(unknown after one attempt\)/)
  const notSent = failureOf(wasNot)
  assert.deepEqual([notSent.code, notSent.outcome], ['not-sent', 'not-sent'])
  assert.equal(producer.pending, 0)
})

test('a message that the driver never wrote is not sent, even though there was a link', async () => {
  const { producer, transport, link, clock } = await connectedProducer({ uri: `${TWO}&retryThreshold=500` })
  const sending = watch(producer.send(message('one')))
  transport.answer('a', 'refuse').answer('b', 'refuse')
  link.sent[0]?.fail('not-sent')
  await clock.advance(500)
  assert.equal(failureOf(sending).outcome, 'not-sent')
  assert.ok(link.over, 'a link that takes nothing is given up')
})

test('an attempt that ended in doubt keeps the outcome unknown, whatever becomes of later ones', async () => {
  const { producer, transport, link, clock } = await connectedProducer({ uri: `${TWO}&retryThreshold=500` })
  const sending = watch(producer.send(message('one')))
  link.die()
  await settled()
  transport.answer('a', 'refuse').answer('b', 'refuse')
  transport.last.sent[0]?.fail('not-sent')
  await clock.advance(500)
  assert.deepEqual([failureOf(sending).outcome, failureOf(sending).attempts], ['unknown', 2])
})

test('a broker that refuses a message for good ends its send at once and nothing else', async () => {
  const { producer, link } = await connectedProducer()
  const [one, two] = ['one', 'two'].map((id) => watch(producer.send(message(id))))
  link.sent[0]?.fail('rejected', { code: 'rejected' })
  await settled()
  assert.ok(one && two)
  assert.deepEqual([failureOf(one).code, failureOf(one).outcome], ['rejected', 'rejected'])
  assert.equal(two.ending().kind, 'pending')
  assert.ok(!link.over)
})

test('a message without a queue comes back as returned', async () => {
  const { producer, link } = await connectedProducer()
  const sending = watch(producer.send(message('one')))
  link.sent[0]?.fail('returned', { code: 'returned' })
  await settled()
  assert.deepEqual([failureOf(sending).code, failureOf(sending).outcome], ['returned', 'returned'])
})

test('a refusal that may pass is tried again on the same link, and its siblings are left alone', async () => {
  const { producer, link, clock } = await connectedProducer()
  const [one, other] = ['one', 'other'].map((id) => watch(producer.send(message(id))))
  link.sent[0]?.fail('rejected', { retriable: true })
  await clock.advance(100)
  assert.ok(one && other && !link.over)
  assert.deepEqual(written(link), ['one/1', 'other/1', 'one/2'])
  link.confirmAll()
  await settled()
  assert.deepEqual([one.ending().kind, other.ending().kind], ['done', 'done'])
})

test('a refusal that the same link repeats is believed once retryThreshold is over', async () => {
  const { producer, link, clock } = await connectedProducer({ uri: `${TWO}&retryThreshold=8000` })
  const sending = watch(producer.send(message('one')))
  for (let passed = 0; passed < 8000; passed += 100) {
    assert.equal(sending.ending().kind, 'pending')
    link.sent.at(-1)?.fail('rejected', { retriable: true, forNow: true })
    await clock.advance(100)
  }
  const { code, outcome, attempts } = failureOf(sending)
  assert.deepEqual([code, outcome, attempts], ['rejected', 'rejected', 80])
  assert.ok(!link.over)
})

test('a refusal of the moment is no more believed when another link repeats it', async () => {
  const { producer, link, transport, clock } = await connectedProducer()
  const sending = watch(producer.send(message('one')))
  link.sent[0]?.fail('rejected', { retriable: true, forNow: true })
  link.die()
  await settled()
  transport.last.sent[0]?.fail('rejected', { retriable: true, forNow: true })
  await clock.advance(100)
  assert.equal(sending.ending().kind, 'pending')
  transport.last.confirmAll()
  await settled()
  assert.equal(sending.ending().kind, 'done')
})

test('a refusal that costs the link is believed when the next link repeats it', async () => {
  const { producer, link, transport } = await connectedProducer()
  const [one, other] = ['one', 'other'].map((id) => watch(producer.send(message(id))))
  link.sent[0]?.fail('rejected', { retriable: true })
  link.die()
  await settled()
  assert.deepEqual(written(transport.last), ['one/2', 'other/2'])
  transport.last.sent[0]?.fail('rejected', { retriable: true })
  await settled()
  assert.ok(one && other)
  assert.deepEqual([failureOf(one).outcome, failureOf(one).attempts], ['rejected', 2])
  transport.last.confirmAll()
  await settled()
  assert.equal(other.ending().kind, 'done')
})

test('a link that breaks its contract with a foreign error ends that send as unknown', async () => {
  const { producer, link } = await connectedProducer()
  link.send = () => Promise.reject(new TypeError('x is not a function'))
  const sending = watch(producer.send(message('one')))
  await settled()
  assert.deepEqual([failureOf(sending).code, failureOf(sending).outcome], ['protocol', 'unknown'])
})

test('timeout bounds a wait without a connected broker, counted from the loss, and not a wait for a confirm', async () => {
  const { producer, transport, link, clock } = await connectedProducer({
    uri: `${TWO}&timeout=1000&confirmTimeout=90000`,
  })
  const sending = watch(producer.send(message('one')))
  await clock.advance(5000)
  assert.equal(sending.ending().kind, 'pending')
  transport.answer('a', 'refuse').answer('b', 'refuse')
  link.die()
  await clock.advance(999)
  const late = watch(producer.send(message('late')))
  assert.equal(sending.ending().kind, 'pending')
  await clock.advance(1)
  assert.equal(failureOf(sending).outcome, 'unknown')
  assert.equal(late.ending().kind, 'pending')
  await clock.advance(999)
  assert.equal(failureOf(late).outcome, 'not-sent')
})

test('a link that keeps a confirm to itself for too long is given up, and the message sent again', async () => {
  const { producer, transport, link, clock, events } = await connectedProducer({ uri: `${TWO}&confirmTimeout=3000` })
  const sending = watch(producer.send(message('one')))
  await clock.advance(2999)
  assert.ok(!link.over)
  await clock.advance(1)
  assert.ok(link.over)
  assert.deepEqual(written(transport.last), ['one/2'])
  const interrupted = events.find(({ type }) => type === 'interrupted')
  assert.ok(interrupted?.type === 'interrupted' && interrupted.error.code === 'confirm-timeout')
  transport.last.confirmAll()
  await settled()
  assert.equal(sending.ending().kind, 'done')
})

test('the confirm deadline is that of the eldest, whenever it was written', async () => {
  const { producer, link, clock } = await connectedProducer({ uri: `${TWO}&confirmTimeout=3000` })
  watch(producer.send(message('one')))
  await clock.advance(2000)
  watch(producer.send(message('two')))
  link.sent[0]?.confirm()
  await clock.advance(2999)
  assert.ok(!link.over)
  await clock.advance(1)
  assert.ok(link.over)
})

test('a resend has the whole confirm deadline again, on every link', async () => {
  const { producer, transport, clock } = await connectedProducer({
    uri: `${TWO}&confirmTimeout=1000&stabilityWindow=0`,
  })
  watch(producer.send(message('one')))
  await clock.advance(3000)
  assert.deepEqual(
    transport.links.map(({ host, over }) => `${host}${over ? '' : ' up'}`),
    ['a', 'b', 'a', 'b up'],
  )
})

test('a link that ends without a word about its sends keeps nobody waiting and nothing busy', async () => {
  const { producer, session, transport, link, clock } = await connectedProducer({ uri: `${TWO}&confirmTimeout=1000` })
  const sending = watch(producer.send(message('one')))
  transport.answer('a', 'refuse').answer('b', 'refuse')
  link.close = () => Promise.resolve()
  session.abandon(link, lost('given up'))
  await clock.advance(5000)
  assert.equal(sending.ending().kind, 'pending')
  transport.answer('a', 'accept')
  await clock.advance(1000)
  transport.last.confirmAll()
  await settled()
  assert.equal(sending.ending().kind, 'done')
})

test('the reason of an interruption is the link’s own, not that of a send that failed with it', async () => {
  const { producer, link, events } = await connectedProducer()
  watch(producer.send(message('one')))
  link.die(new UnderstudyError('heartbeat-lost', 'it went silent', { retriable: true }))
  await settled()
  const interrupted = events.filter(({ type }) => type === 'interrupted')
  assert.equal(interrupted.length, 1)
  assert.ok(interrupted[0]?.type === 'interrupted' && interrupted[0].error.code === 'heartbeat-lost')
})

test('a signal gives up one send: unknown once it was written, not sent before', async () => {
  const { producer, link, transport } = await connectedProducer()
  const [caller, other] = [new AbortController(), watch(producer.send(message('other')))]
  const sending = watch(producer.send(message('one'), caller.signal))
  caller.abort()
  await settled()
  assert.deepEqual([failureOf(sending).code, failureOf(sending).outcome], ['aborted', 'unknown'])
  link.die()
  transport.answer('a', 'refuse').answer('b', 'refuse')
  await settled()
  assert.equal(other.ending().kind, 'pending')
  assert.equal(producer.pending, 1, 'an aborted message is not sent again')
  const early = new AbortController()
  const waiting = watch(producer.send(message('two'), early.signal))
  early.abort()
  await settled()
  assert.deepEqual([failureOf(waiting).code, failureOf(waiting).outcome], ['aborted', 'not-sent'])
})

test('a send that is given up says why: its last failure, the end of the session, the reason of the signal', async () => {
  const { producer, link, clock, transport, session } = await connectedProducer({ uri: `${TWO}&retryThreshold=1000` })
  const caller = new AbortController()
  const aborted = watch(producer.send(message('aborted'), caller.signal))
  caller.abort(new Error('the user left'))
  const late = watch(producer.send(message('late')))
  link.sent[1]?.fail('returned', { retriable: true })
  await clock.advance(1000)
  transport.last.die()
  await settled()
  const last = watch(producer.send(message('last')))
  await session.close(new AbortController().signal)
  await settled()
  const reasons = [aborted, late, last].map((sending) => {
    const { cause } = failureOf(sending)
    assert.ok(cause instanceof Error)
    return cause
  })
  assert.deepEqual(
    reasons.map(({ message: text }) => text),
    ['the caller aborted the operation', 'scripted returned', 'the connection was closed'],
  )
  assert.ok(reasons[0]?.cause instanceof Error && reasons[0].cause.message === 'the user left')
})

test('a signal that has fired already sends nothing', async () => {
  const { producer, link } = await connectedProducer()
  const sending = watch(producer.send(message('one'), AbortSignal.abort()))
  await settled()
  assert.deepEqual([failureOf(sending).code, failureOf(sending).attempts], ['aborted', 0])
  assert.deepEqual(link.sent, [])
})

test('one signal for thousands of sends brings no warning, and no listener stays on it', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  try {
    const { producer, link } = await connectedProducer()
    link.confirms = true
    const caller = new AbortController()
    let listening = 0
    const { signal } = caller
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listening++
      add(...given)
    }
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listening--
      remove(...given)
    }
    await Promise.all(Array.from({ length: 2000 }, (_, index) => producer.send(message(String(index)), signal)))
    assert.equal(listening, 0)
    await settled()
    assert.deepEqual(warnings, [])
  } finally {
    process.off('warning', onWarning)
  }
})

test('a confirm that comes for an earlier attempt, after the message was sent again, is a confirm', async () => {
  const { producer, session, transport, link } = await connectedProducer()
  const sending = watch(producer.send(message('one')))
  // Given up, yet its answers go on coming until it is really closed.
  link.close = () => Promise.resolve()
  session.abandon(link, lost('given up'))
  await settled()
  assert.deepEqual(written(transport.last), ['one/2'])
  link.sent[0]?.confirm()
  await settled()
  assert.equal(sending.ending().kind, 'done')
  assert.equal(producer.pending, 0)
})

test('news of an earlier attempt changes nothing about the later one that is under way', async () => {
  const { producer, session, transport, link, clock } = await connectedProducer({ uri: `${TWO}&confirmTimeout=3000` })
  const sending = watch(producer.send(message('one')))
  link.close = () => Promise.resolve()
  session.abandon(link, lost('given up'))
  await settled()
  link.sent[0]?.fail('unknown')
  await settled()
  assert.equal(sending.ending().kind, 'pending')
  await clock.advance(3000)
  assert.ok(transport.links[1]?.over, 'the later attempt is still watched for its confirm')
})
