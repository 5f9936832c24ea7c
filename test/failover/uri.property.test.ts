import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { UnderstudyError } from '../../src/errors.ts'
import { failoverOptionNames } from '../../src/failover/options.ts'
import { checkEndpointOptions, type FailoverUri, parseFailoverUri } from '../../src/failover/uri.ts'

// All that gives a URI its shape, so that random garbage comes close to the grammar.
const PIECES = [
  ...Array.from('()?&=:@/#[]%,;+ \t\n'),
  '%40',
  '%0a',
  '://',
  'failover:',
  'stomp',
  'stomp+ssl:',
  'memory:',
  'host',
  '61613',
  '127.0.0.1',
  '[::1]',
  'nested.',
  'vhost',
  'user',
  'ü',
  '\u0000',
  ...failoverOptionNames,
]
const piece = fc.oneof(
  fc.constantFrom(...PIECES),
  fc.string({ maxLength: 4 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const garbage = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))

/** Reads a URI as `connect` does; returns what went wrong. */
function read(text: string): UnderstudyError | undefined {
  try {
    for (const endpoint of parseFailoverUri(text).endpoints) checkEndpointOptions(endpoint, ['vhost'])
    return undefined
  } catch (error) {
    assert.ok(error instanceof UnderstudyError, `${JSON.stringify(text)}: ${inspect(error)}`)
    assert.doesNotMatch(error.message, /[\r\n]/)
    return error
  }
}

test('no text makes the parser throw anything but our own error, on one line', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        garbage,
        garbage.map((text) => `failover:(${text})?${text}`),
      ),
      (text) => {
        read(text)
      },
    ),
    { numRuns: 2000 },
  )
})

test('text of the longest length is read without a hang', () => {
  for (const unit of ['(', ',', '? ', 'a=b&', '%', ', \t', 'stomp://a,', '@', 'failover:', 'x', '[', '&', 'nested.']) {
    read(`failover:(${unit.repeat(16_384 / unit.length)}`.slice(0, 16_384))
  }
})

test('wherever a password stands in a URI however broken, no error shows it', () => {
  const secret = 'hunter2'
  const shapes: ((password: string, tail: string) => string)[] = [
    (password, tail) => `stomp://user:${password}@host${tail}`,
    (password, tail) => `failover:stomp://user:${password}@host${tail}`,
    (password, tail) => `failover:(stomp://user:${password}@host${tail})`,
    (password, tail) => `failover:(stomp://a,stomp://user:${password}@host)${tail}`,
    (password, tail) => `failover:(stomp://user:${password}@host,stomp://b)?${tail}`,
  ]
  fc.assert(
    fc.property(fc.constantFrom(...shapes), garbage, garbage, garbage, (shape, left, right, tail) => {
      const password = `${left}${secret}${right}`
      // A comma and a whole address within a password are a second broker, whoever reads it.
      fc.pre(!/,[^@]*:\/\//.test(password))
      const error = read(shape(password, tail))
      if (error) assert.ok(!inspect(error, { depth: 9 }).includes(secret), error.message)
    }),
    { numRuns: 5000 },
  )
})

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().filter((address) => !address.includes('.')),
)
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((value) => !/[\u0000-\u001f\u007f]/.test(value) && value.isWellFormed())
const broker = fc.record({
  scheme: fc.constantFrom('stomp', 'stomp+ssl', 'amqp', 'amqps'),
  host,
  port: fc.integer({ min: 1, max: 65_535 }),
  login: fc.option(fc.record({ user: text, password: fc.option(text, { nil: undefined }) }), { nil: undefined }),
  vhost: fc.option(text, { nil: undefined }),
})
type Broker = typeof broker extends fc.Arbitrary<infer Value> ? Value : never

// encodeURIComponent leaves these alone, and they mean something in the list.
const encode = (value: string): string =>
  encodeURIComponent(value).replaceAll(/[()']/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)

function write({ scheme, host, port, login, vhost }: Broker): string {
  const password = login?.password === undefined ? '' : `:${encode(login.password)}`
  const credentials = login === undefined ? '' : `${encode(login.user)}${password}@`
  const place = host.includes(':') ? `[${host}]` : host
  return `${scheme}://${credentials}${place}:${port}${vhost === undefined ? '' : `?vhost=${encode(vhost)}`}`
}

test('a list that was written properly is read back as it was meant', () => {
  fc.assert(
    fc.property(fc.array(broker, { minLength: 1, maxLength: 5 }), fc.boolean(), (brokers, parentheses) => {
      const list = brokers.map(write).join(',')
      const uri: FailoverUri = parseFailoverUri(parentheses ? `failover:(${list})` : `failover:${list}`)
      const found = uri.endpoints.map(({ scheme, host, port, username, password, options }) => {
        const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}`)
        return { scheme, host: url.hostname, port, username, password, vhost: options['vhost'] }
      })
      const meant = brokers.map(({ scheme, host, port, login, vhost }) => {
        const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}`)
        return { scheme, host: url.hostname, port, username: login?.user, password: login?.password, vhost }
      })
      assert.deepEqual(found, meant)
    }),
    { numRuns: 500 },
  )
})
