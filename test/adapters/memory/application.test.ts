/** What an application sees of `memory:NAME`: the same calls, with nothing but another URI. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { processBrokers } from '../../../adapters/memory/brokers.ts'
import { SendError, UnderstudyError } from '../../../src/errors.ts'
import { connect } from '../../../src/connect.ts'
import { memoryBroker } from '../../../src/testing/memory-broker.ts'
import { startScript } from '../../support/command.ts'
import { emptyFolder } from '../../support/temporary-folder.ts'
import { soon, until } from '../activemq/dialled.ts'

afterEach(() => assert.equal(processBrokers.size, 0, 'no broker is left'))

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const EXAMPLE = `
import { connect } from '${join(ROOT, 'src', 'index.ts')}'
const connection = await connect('memory:x')
await connection.send('queue://orders', { id: 1 })
const listener = connection.listen('queue://orders', async (delivery) => {
  const order = delivery.json<{ id: number }>()
  console.log('order', order.id)
  await delivery.ack()
}, { prefetch: 10 })
process.once('SIGTERM', () => connection.close())
for await (const event of connection.status()) console.log(event.type)
await connection.close()
console.log('over')
`

test('ten lines with memory:x alone are an application that runs until it is told to end', async (context) => {
  const script = join(emptyFolder(join(ROOT, 'test', '.memory-'), context), 'example.ts')
  writeFileSync(script, EXAMPLE)
  const { child, saw, ended } = startScript([script])
  await saw('order 1')
  child.kill('SIGTERM')
  const { exitCode, stderr, stdout } = await ended
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.match(stdout, /closed\nover\n$/)
})

test('the example of the page about memory: runs, and finds what it says', async (context) => {
  const page = readFileSync(join(ROOT, 'docs', 'memory.md'), 'utf8')
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  const script = join(emptyFolder(join(ROOT, 'test', '.memory-'), context), 'example.ts')
  const index = join(ROOT, 'src', 'index.ts')
  const testing = join(ROOT, 'src', 'testing', 'index.ts')
  writeFileSync(
    script,
    example.replace("'understudy-mq/testing'", `'${testing}'`).replace("'understudy-mq'", `'${index}'`),
  )
  const { exitCode, stdout, stderr } = await startScript([script]).ended
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.match(stdout, /^[12]\n$/)
})

test('two connections that share nothing but a name share the broker, and other names are other brokers', async () => {
  await using one = await connect('memory:x')
  await using other = await connect('memory://x')
  await using third = await connect('memory:y')
  const seen: string[] = []
  other.listen('queue://a', async (delivery) => {
    seen.push(delivery.text())
    await delivery.ack()
  })
  await third.send('queue://a', 'elsewhere')
  await one.send('queue://a', 'here')
  await until(() => seen.length > 0, 'the delivery')
  assert.deepEqual([seen, memoryBroker('y').depth('a')], [['here'], 1])
  third.listen('queue://a', (delivery) => delivery.ack())
  await until(() => memoryBroker('y').depth('a') === 0, 'the acknowledge')
})

test('what was not confirmed when the connection was cut is sent again, and arrives', async () => {
  const broker = memoryBroker('x')
  await using connection = await connect('failover:(memory:x)?initialReconnectDelay=1')
  broker.holdConfirms()
  const sent = connection.send('queue://a', 'job', { id: 'job-1' })
  await until(() => broker.depth('a') === 1, 'the message')
  broker.cut()
  broker.releaseConfirms()
  assert.equal(await soon(sent, 'the confirm'), 'job-1')
  const attempts: number[] = []
  connection.listen('queue://a', async (delivery) => {
    attempts.push(delivery.attempt)
    await delivery.ack()
  })
  await until(() => attempts.length === 2, 'both copies')
  assert.deepEqual(
    attempts.toSorted((a, b) => a - b),
    [1, 2],
  )
})

test('a listener moves with its connection to the next broker of the list', async () => {
  await using connection = await connect('failover:(memory:a,memory:b)?randomize=false&initialReconnectDelay=1')
  const seen: string[] = []
  const listener = connection.listen('queue://q', async (delivery) => {
    seen.push(`${delivery.text()} by ${delivery.endpoint}`)
    await delivery.ack()
  })
  await listener.ready
  await connection.send('queue://q', '1')
  await until(() => seen.length === 1, 'the first')
  memoryBroker('a').stop()
  await connection.send('queue://q', '2')
  await until(() => seen.length === 2, 'the second')
  assert.deepEqual(seen, ['1 by memory://a', '2 by memory://b'])
  await connection.close()
  memoryBroker('a').reset()
})

test('a block is a status event, and so is its end', async () => {
  const broker = memoryBroker('x')
  await using connection = await connect('memory:x')
  const events: string[] = []
  connection.observe(({ type }) => events.push(type))
  broker.block('disk')
  await until(() => events.includes('blocked'), 'the block')
  const sent = connection.send('queue://a', 'later')
  broker.unblock()
  await soon(sent, 'the confirm')
  assert.deepEqual(events, ['blocked', 'unblocked'])
  connection.listen('queue://a', (delivery) => delivery.ack())
  await until(() => broker.depth('a') === 0, 'the acknowledge')
})

test('a refused send is final and says so, and so are refused credentials', async () => {
  const broker = memoryBroker('x')
  await using connection = await connect('memory:x')
  broker.nackNext()
  await assert.rejects(
    connection.send('queue://a', 'no'),
    (error) => error instanceof SendError && error.outcome === 'rejected' && error.attempts === 1,
  )
  await assert.rejects(
    connection.send('exchange://nobody/listens', 'no'),
    (error) => error instanceof SendError && error.outcome === 'returned',
  )
  await connection.close()
  broker.failCredentials()
  await assert.rejects(
    connect('memory://user:secret@x'),
    (error) => error instanceof UnderstudyError && error.code === 'authentication',
  )
  broker.reset()
})

test('declared queues, bindings and dead letters work as written in destinations', async () => {
  await using connection = await connect('memory:x')
  await connection.declare('queue://orders', {
    bindings: ['exchange://events/order.#'],
    deadLetterTo: 'queue://failed',
  })
  const [seen, failed]: [string[], string[]] = [[], []]
  connection.listen('queue://orders', async (delivery) => {
    seen.push(delivery.text())
    await delivery.reject()
  })
  connection.listen('queue://failed', async (delivery) => {
    failed.push(delivery.text())
    await delivery.ack()
  })
  await connection.send('exchange://events/order.new.eu', 'it')
  await until(() => failed.length === 1, 'the dead letter')
  assert.deepEqual([seen, failed], [['it'], ['it']])
})

test('letters that are left to policies go nowhere, since this broker has none', async () => {
  await using connection = await connect('memory:x')
  await connection.declare('queue://orders', { deadLetterTo: null })
  const seen = Promise.withResolvers<void>()
  const listener = connection.listen('queue://orders', async (delivery) => {
    await delivery.reject()
    seen.resolve()
  })
  await connection.send('queue://orders', 'it')
  await seen.promise
  await listener.close()
  assert.equal(await connection.inspect('DLQ.orders'), undefined)
  await assert.rejects(connection.declare('queue://others', { deadLetterTo: '' }))
})

test('an option that means nothing here is refused', async () => {
  await assert.rejects(
    connect('memory:x?vhost=/'),
    (error) => error instanceof UnderstudyError && error.code === 'invalid-option',
  )
})
