import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLabs } from '../infra/labs/labs.ts'
import { withCredentials } from '../src/cli/credentials.ts'
import { connect } from '../src/connect.ts'
import type { StatusEvent } from '../src/failover/status.ts'
import { soon, until } from './adapters/activemq/dialled.ts'
import { brokerSkip } from './support/brokers.ts'
import { labRootFor } from './support/lab-root.ts'

const skip = brokerSkip('rabbitmq-classic')

test('a list falls over from one kind of broker to another, and goes on', { skip }, async (context) => {
  const labs = createLabs({ root: labRootFor(context) })
  const first = await labs.up('embedded')
  try {
    const second = await labs.up('rabbitmq-classic')
    try {
      const nodes = [first, second].flatMap(({ nodes, credentials }) =>
        nodes.map(({ endpoint }) => withCredentials(endpoint, credentials)),
      )
      const uri = `failover:(${nodes.join(',')})?randomize=false&retryThreshold=-1`
      const events: StatusEvent[] = []
      await using connection = await connect(uri)
      connection.observe((event) => events.push(event))
      const consumed = new Map<string, string>()
      const listener = connection.listen('queue://jobs', async (delivery) => {
        const { id } = delivery.json<{ id: string }>()
        assert.equal(id, delivery.id)
        consumed.set(id, delivery.endpoint)
        await delivery.ack()
      })
      await listener.ready
      const send = (id: string): Promise<string> => connection.send('queue://jobs', { id }, { id })
      const before = Array.from({ length: 20 }, (_, n) => `before-${n}`)
      await soon(Promise.all(before.map(send)), 'the confirms of the first broker')
      await until(() => before.every((id) => consumed.has(id)), 'every job of the first broker to be consumed')

      for (const { name } of first.nodes) await first.kill(name)
      const after = Array.from({ length: 20 }, (_, n) => `after-${n}`)
      await soon(Promise.all(after.map(send)), 'the confirms of the other kind of broker')
      await until(() => after.every((id) => consumed.has(id)), 'every job of the other kind to be consumed')
      assert.ok(before.every((id) => consumed.get(id)?.startsWith('stomp://')))
      assert.ok(after.every((id) => consumed.get(id)?.startsWith('amqp://')))
      const resumed = events.flatMap((event) => (event.type === 'resumed' ? [event.role] : []))
      assert.deepEqual(new Set(resumed), new Set(['producer', 'listener']))

      await assert.rejects(connection.send('exchange://events/a', 'x'), {
        code: 'unsupported',
        message: /stomp: has no exchanges/,
      })
    } finally {
      await second.down()
    }
  } finally {
    await first.down()
  }
})
