import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import type { Logger } from '../../src/logger.ts'
import { connectionOf, parts } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { lost } from '../support/scripted-transport.ts'

interface Line {
  readonly level: keyof Logger
  readonly fields: object
  readonly message: string
}

function listening(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = []
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields, message })
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}

test('the log tells of a loss and of the recovery, each once, with the outage beside it', async () => {
  const { lines, logger } = listening()
  const of = parts({ logger })
  of.transport.answer('b', (nth) => (nth === 1 ? 'refuse' : 'accept'))
  of.transport.answer('a', (nth) => (nth === 1 ? 'accept' : 'refuse'))
  const connection = connectionOf(of)
  await connection.connected()
  of.transport.last.context?.onBlocked('low on memory')
  of.transport.last.context?.onBlocked(undefined)
  of.transport.last.die(lost('reset by the peer'))
  await settled()
  await of.clock.advance(10)
  await connection.close()
  const [a, b] = ['stomp://a:61613', 'stomp://b:61613']
  const role = 'producer'
  assert.deepEqual(
    lines.map(({ level, fields, message }) => [level, fields, message]),
    [
      ['info', { role, endpoint: a, afterMs: 0 }, `connected to ${a}`],
      ['warn', { role, endpoint: a }, 'the broker takes nothing more for now: low on memory'],
      ['info', { role, endpoint: a }, 'the broker reads on'],
      ['warn', { role, endpoint: a, code: 'link-lost' }, 'link lost: reset by the peer'],
      ['debug', { role, endpoint: b, code: 'refused' }, `not connected: ${b} refused the connection`],
      ['debug', { role, endpoint: a, code: 'refused' }, `not connected: ${a} refused the connection`],
      ['debug', { role, passes: 1, delayMs: 10 }, 'no broker of the list answered'],
      ['debug', { role, endpoint: a, code: 'refused' }, `not connected: ${a} refused the connection`],
      ['info', { role, endpoint: b, outageMs: 10, passes: 2 }, `connected again, to ${b}`],
      ['debug', { role }, 'closed'],
    ],
  )
})

test('the end is an error in the log, once, and no line holds a credential', async () => {
  const { lines, logger } = listening()
  const of = parts({ logger, uri: 'failover:(stomp://user:open-sesame@a)?jitter=0&maxReconnectAttempts=1' })
  of.transport.answer('a', (nth) => (nth === 1 ? 'accept' : new UnderstudyError('authentication', 'refused by name')))
  const connection = connectionOf(of)
  await connection.connected()
  of.transport.last.die()
  await settled()
  await connection.close()
  const errors = lines.filter(({ level }) => level === 'error')
  assert.deepEqual(
    errors.map(({ fields }) => fields),
    [{ role: 'producer', code: 'authentication' }],
  )
  assert.doesNotMatch(JSON.stringify(lines), /open-sesame|user/)
})
