import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock, systemRandom } from '../../src/clock.ts'
import { Connection } from '../../src/connection.ts'
import { parseFailoverUri } from '../../src/failover/uri.ts'
import { type Delivery, StaleDeliveryError } from '../../src/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { eventually, within } from '../../src/testing/contract/waiting.ts'
import { shelfBroker } from './shelf-transport.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function onTheShelf(context: TestContext): { readonly connection: Connection; readonly cut: () => void } {
  const { transport, cut } = shelfBroker()
  const connection = new Connection({
    uri: parseFailoverUri('memory:shelf?drainTimeout=100'),
    transportOf: () => transport,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  })
  context.after(() => connection.close())
  return { connection, cut }
}

test('docs/writing-an-adapter.md shows the worked example as it is run here', () => {
  const example = readFileSync(join(ROOT, 'test/contract/shelf-transport.ts'), 'utf8')
  const docs = readFileSync(join(ROOT, 'docs/writing-an-adapter.md'), 'utf8')
  const shown = /```ts\n(import \{\n  type Destination[\s\S]*?)```/.exec(docs)?.[1]
  assert.equal(shown, example.replace("'../../src/index.ts'", "'understudy-mq'"))
})

test('the worked example confirms, delivers, and takes an acknowledge', async (context) => {
  const { connection } = onTheShelf(context)
  const taken: string[] = []
  const listener = connection.listen('queue://jobs', async (delivery) => {
    await delivery.ack()
    taken.push(delivery.text())
  })
  await within('the subscription', listener.ready)
  for (const text of ['one', 'two', 'three']) await connection.send('queue://jobs', text)
  await eventually('all three', () => taken.length === 3)
  assert.deepEqual(taken, ['one', 'two', 'three'])
  await assert.rejects(connection.send('topic://news', 'x'), { code: 'unsupported' })
})

test('the worked example delivers again what its link was lost with, and no more than the prefetch', async (context) => {
  const { connection, cut } = onTheShelf(context)
  const taken: Delivery[] = []
  const listener = connection.listen('queue://jobs', (delivery) => void taken.push(delivery), { prefetch: 2 })
  await within('the subscription', listener.ready)
  for (const text of ['one', 'two', 'three']) await connection.send('queue://jobs', text)
  await eventually('two', () => taken.length === 2)
  cut()
  await eventually('two again', () => taken.length === 4)
  await assert.rejects(taken[0]?.ack() ?? Promise.resolve(), StaleDeliveryError)
  await Promise.all(taken.slice(2).map((delivery) => delivery.ack()))
  await eventually('the third', () => taken.length === 5)
  assert.deepEqual(
    taken.map((delivery) => [delivery.text(), delivery.redelivered]),
    [
      ['one', false],
      ['two', false],
      ['one', true],
      ['two', true],
      ['three', false],
    ],
  )
  await within('the ack', taken[4]?.ack() ?? Promise.reject())
})
