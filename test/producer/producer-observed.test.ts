import assert from 'node:assert/strict'
import test from 'node:test'
import type { AttemptEnd } from '../../src/producer/observer.ts'
import {
  connectedProducer,
  failureOf,
  message,
  type PartsOptions,
  producerParts,
  TWO,
  watch,
} from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'

const never = new AbortController().signal

interface Heard {
  readonly id: string
  readonly attempt: number
  readonly what: string
}

function listening(): { heard: Heard[]; observer: NonNullable<PartsOptions['observer']> } {
  const heard: Heard[] = []
  return {
    heard,
    observer: {
      attempt: ({ id }, attempt, endpoint) => heard.push({ id, attempt, what: endpoint ?? 'no broker' }),
      attemptEnded: ({ id }, attempt, end: AttemptEnd) => heard.push({ id, attempt, what: end }),
      gaveUp: ({ id }) => heard.push({ id, attempt: 0, what: 'gave up' }),
    },
  }
}

test('an observer hears of every attempt, where it went and how it ended', async () => {
  const { heard, observer } = listening()
  const { producer, transport, link, clock } = await connectedProducer({ uri: `${TWO}&retryThreshold=500`, observer })
  const sends = [watch(producer.send(message('one')))]
  transport.answer('a', 'refuse').answer('b', 'refuse')
  link.die()
  await settled()
  sends.push(watch(producer.send(message('two'))))
  await clock.advance(500)
  assert.deepEqual(
    heard.map(({ id, attempt, what }) => `${id} ${attempt} ${what}`),
    ['one 1 stomp://a:61613', 'one 1 unknown', 'two 1 no broker', 'two 1 not-sent', 'one 0 gave up', 'two 0 gave up'],
  )
})

const FAILING: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error('its own trouble')
  },
  'is async and fails': async () => await Promise.reject(new Error('its own trouble')),
}

for (const [what, fails] of Object.entries(FAILING)) {
  test(`an observer that ${what} disturbs no send and no process`, async () => {
    const { producer, link } = await connectedProducer({
      observer: { attempt: fails, attemptEnded: fails, gaveUp: fails },
    })
    const [one, two] = ['one', 'two'].map((id) => watch(producer.send(message(id))))
    link.sent[0]?.confirm()
    link.sent[1]?.fail('rejected')
    await settled()
    assert.ok(one && two)
    assert.equal(one.ending().kind, 'done')
    assert.equal(failureOf(two).outcome, 'rejected')
  })
}

test('an observer that sends while the unconfirmed are being sent again writes nothing twice', async () => {
  let budget = 3
  const sends: ReturnType<typeof watch>[] = []
  const of = producerParts({
    observer: {
      attempt: ({ id }, attempt) => {
        if (attempt > 1 && budget-- > 0) sends.push(watch(of.producer.send(message(`${id}+`))))
      },
      attemptEnded: () => {},
      gaveUp: () => {},
    },
  })
  of.session.open()
  await settled()
  sends.push(watch(of.producer.send(message('one'))))
  of.transport.last.die()
  await settled()
  assert.deepEqual(of.transport.last.ids.toSorted(), ['one', 'one+'])
  await of.session.close(never)
})
