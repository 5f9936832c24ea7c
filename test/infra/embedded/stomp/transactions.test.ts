import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Transactions } from '../../../../infra/embedded/stomp/transactions.ts'

const frame = (body = '') => ({ command: 'SEND', headers: {}, body: Buffer.from(body) })

test('what was refused for want of room takes none from later transactions', () => {
  const transactions = new Transactions()
  transactions.begin('t')
  for (let held = 0; held < 10_000; held += 1) transactions.add('t', frame())
  for (let refused = 0; refused < 10_000; refused += 1)
    assert.throws(() => transactions.add('t', frame()), /more than 10000 frames/)
  assert.equal(transactions.end('t').length, 10_000)
  transactions.begin('t')
  transactions.add('t', frame())
  assert.equal(transactions.end('t').length, 1)
})

test('a body that was refused for want of room takes none from later transactions', () => {
  const transactions = new Transactions()
  const large = { ...frame(), body: Buffer.alloc(40 * 2 ** 20) }
  transactions.begin('t')
  transactions.add('t', large)
  for (let refused = 0; refused < 2; refused += 1) assert.throws(() => transactions.add('t', large), /67108864 bytes/)
  assert.equal(transactions.end('t').length, 1)
  transactions.begin('t')
  transactions.add('t', large)
  assert.equal(transactions.end('t').length, 1)
})
