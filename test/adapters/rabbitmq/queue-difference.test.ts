import assert from 'node:assert/strict'
import test from 'node:test'
import { queueDifference } from '../../../adapters/rabbitmq/queue-difference.ts'

const said = (argument: string, received: string, current: string): string =>
  `PRECONDITION_FAILED - inequivalent arg '${argument}' for queue 'it's mine' in vhost '/': received ${received} but current is ${current}`

test('what differs of a queue is told in the words of its settings', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      'x-message-ttl',
      `the value '60000' of type 'signedint'`,
      'none',
      'messageTtlMs (x-message-ttl) is none there, and 60000 is wanted here',
    ],
    [
      'x-queue-type',
      `the value 'classic' of type 'longstr'`,
      `the value 'quorum' of type 'longstr'`,
      'type (x-queue-type) is quorum there, and classic is wanted here',
    ],
    [
      'x-dead-letter-exchange',
      'none',
      `the value '' of type 'longstr'`,
      'deadLetterTo (x-dead-letter-exchange) is empty there, and none is wanted here',
    ],
    ['durable', `'true'`, `'false'`, 'durable is false there, and true is wanted here'],
  ]
  for (const [argument, received, current, told] of cases)
    assert.equal(queueDifference(said(argument, received, current)), `has queue it's mine with other settings: ${told}`)
})

test('other words of the broker stay as they are', () => {
  for (const words of ['', 'PRECONDITION_FAILED - unknown delivery tag 9', `inequivalent arg 'type' for exchange 'x'`])
    assert.equal(queueDifference(words), undefined)
})
