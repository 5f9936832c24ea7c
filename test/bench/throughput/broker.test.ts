import assert from 'node:assert/strict'
import test from 'node:test'
import { brokerAt } from '../../../bench/throughput/broker.ts'

test('a broker that runs already is taken by its URI', () => {
  const { target, owned } = brokerAt('amqp://user:p%40ss@localhost:5673', 'quorum')
  assert.equal(owned, false)
  assert.deepEqual(target, {
    protocol: 'amqp',
    host: 'localhost',
    port: 5673,
    username: 'user',
    password: 'p@ss',
    queueType: 'quorum',
  })
})

for (const uri of ['stomp://a:1,b', 'failover:(stomp://a:1,stomp://b:2)', 'amqps://a', 'memory:x']) {
  test(`${uri} is not one plain broker, which is an error of the option`, () => {
    assert.throws(() => brokerAt(uri, 'classic'), { code: 'invalid-option', message: /option --uri/ })
  })
}
