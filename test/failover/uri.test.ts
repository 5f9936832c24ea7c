import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import {
  addressOf,
  checkEndpointOptions,
  describeFailoverUri,
  type FailoverUri,
  parseFailoverUri,
} from '../../src/failover/uri.ts'
import { redact } from '../../src/transport/endpoint.ts'

const addresses = (uri: FailoverUri): string[] => uri.endpoints.map(redact)

function first(text: string): FailoverUri['endpoints'][number] {
  const endpoint = parseFailoverUri(text).endpoints[0]
  assert.ok(endpoint)
  return endpoint
}

function refusal(text: string): UnderstudyError {
  try {
    parseFailoverUri(text)
  } catch (error) {
    assert.ok(error instanceof UnderstudyError, `${text}: ${String(error)}`)
    assert.ok(!error.message.includes('\n'))
    return error
  }
  assert.fail(`${text} was accepted`)
}

test('the list may stand in parentheses, without them, or be a single plain URI', () => {
  const list = ['stomp://a:1', 'stomp://b:2']
  assert.deepEqual(addresses(parseFailoverUri('failover:(stomp://a:1,stomp://b:2)')), list)
  assert.deepEqual(addresses(parseFailoverUri('failover:stomp://a:1,stomp://b:2')), list)
  assert.deepEqual(addresses(parseFailoverUri('failover://(stomp://a:1,stomp://b:2)?randomize=false')), list)
  assert.deepEqual(addresses(parseFailoverUri('  FAILOVER:(stomp://a:1, stomp://b:2)  ')), list)
  assert.deepEqual(addresses(parseFailoverUri('stomp://a:1')), ['stomp://a:1'])
})

test('each scheme has its own default port', () => {
  assert.deepEqual(addresses(parseFailoverUri('failover:(stomp://h,stomp+ssl://h,amqp://h,amqps://h)')), [
    'stomp://h:61613',
    'stomp+ssl://h:61614',
    'amqp://h:5672',
    'amqps://h:5671',
  ])
})

test('schemes mix within one list, and their case does not matter', () => {
  assert.deepEqual(addresses(parseFailoverUri('failover:(STOMP://a,Amqp://b,memory:jobs)')), [
    'stomp://a:61613',
    'amqp://b:5672',
    'memory://jobs',
  ])
})

test('an in-memory broker is named by its path, by its host, or not at all', () => {
  assert.equal(first('memory:jobs').host, 'jobs')
  assert.equal(first('memory://jobs').host, 'jobs')
  assert.equal(first('memory:').host, 'default')
})

test('an IPv6 host loses its brackets in the endpoint and keeps them where it is shown', () => {
  const endpoint = first('failover:(stomp://[2001:db8::1]:61613)')
  assert.equal(endpoint.host, '2001:db8::1')
  assert.equal(redact(endpoint), 'stomp://[2001:db8::1]:61613')
})

test('credentials and paths are percent-decoded', () => {
  const endpoint = first('amqp://us%40er:p%2Fa%3As%25s%20w%C3%B6rd@h:1/vh%2Fost')
  assert.equal(endpoint.username, 'us@er')
  assert.equal(endpoint.password, 'p/a:s%s wörd')
  assert.equal(endpoint.path, 'vh/ost')
})

test('no user, no password, no path is told apart from empty ones', () => {
  const endpoint = first('stomp://h:1')
  assert.deepEqual([endpoint.username, endpoint.password, endpoint.path], [undefined, undefined, ''])
})

test('nested options reach every inner URI, and its own option wins', () => {
  const { endpoints } = parseFailoverUri(
    'failover:(stomp://a?vhost=own,stomp://b)?nested.vhost=all&nested.connectTimeout=70&nested.heartbeat=0',
  )
  assert.deepEqual(
    endpoints.map(({ options, connectTimeoutMs, heartbeatMs }) => [options['vhost'], connectTimeoutMs, heartbeatMs]),
    [
      ['own', 70, 0],
      ['all', 70, 0],
    ],
  )
})

test('connectTimeout and heartbeat hold for the list, for every inner URI, or for one, the nearest winning', () => {
  const { endpoints } = parseFailoverUri(
    'failover:(stomp://a?connectTimeout=1,stomp://b)?connectTimeout=3&nested.connectTimeout=2',
  )
  assert.deepEqual(
    endpoints.map(({ connectTimeoutMs }) => connectTimeoutMs),
    [1, 2],
  )
  assert.equal(first('failover:(stomp://a)?connectTimeout=3').connectTimeoutMs, 3)
})

test('without parentheses the last query holds both kinds of options', () => {
  const list = parseFailoverUri('failover:stomp://a,stomp://b?randomize=false&vhost=x&nested.connectTimeout=9')
  assert.equal(list.options.randomize, false)
  assert.deepEqual(
    list.endpoints.map(({ options, connectTimeoutMs }) => [options['vhost'], connectTimeoutMs]),
    [
      [undefined, 9],
      ['x', 9],
    ],
  )
  const single = parseFailoverUri('stomp://a?maxReconnectAttempts=3&vhost=y')
  assert.equal(single.options.maxReconnectAttempts, 3)
  assert.deepEqual({ ...single.endpoints[0]?.options }, { vhost: 'y' })
})

test('option names and values are percent-decoded', () => {
  assert.equal(first('stomp://a?vh%6fst=a%26b').options['vhost'], 'a&b')
})

test('the endpoints, their options and the list cannot be changed afterwards', () => {
  const { endpoints, options } = parseFailoverUri('failover:(stomp://a)')
  assert.ok(Object.isFrozen(endpoints) && Object.isFrozen(endpoints[0]) && Object.isFrozen(endpoints[0]?.options))
  assert.ok(Object.isFrozen(options))
})

for (const [text, code, why] of [
  ['', 'invalid-uri', /empty/],
  ['failover:', 'invalid-uri', /empty place/],
  ['failover:()', 'invalid-uri', /empty place/],
  ['failover:(stomp://a,)', 'invalid-uri', /empty place/],
  ['failover:(stomp://a', 'invalid-uri', /closing parenthesis is missing/],
  ['failover:(stomp://a)x', 'invalid-uri', /only \?options may follow/],
  ['failover:stomp://a)', 'invalid-uri', /enclose the whole list/],
  ['failover:(stomp://a)?randomize', 'invalid-uri', /"randomize" must be written name=value/],
  ['failover:(stomp://a)?=x', 'invalid-uri', /name=value/],
  ['failover:(stomp://a)?randomize=true&', 'invalid-uri', /name=value/],
  ['failover:(stomp://a)?randomize=true&randomize=true', 'invalid-option', /randomize is given twice/],
  ['failover:(stomp://a?vhost=x&vhost=y)', 'invalid-option', /vhost is given twice/],
  ['failover:(stomp://a?maxPending=3)', 'invalid-option', /maxPending of broker 1 belongs behind the list/],
  ['failover:(stomp://a)?vh%ost=1', 'invalid-uri', /percent sign that encodes nothing/],
  ['http://user:secret@h:1', 'invalid-uri', /broker 1 has the unknown scheme http:/],
  ['failover:(a:61613)', 'invalid-uri', /broker 1 has the unknown scheme a:; known are stomp:, /],
  ['failover:(stomp://a,tcp://b:61616)', 'invalid-uri', /broker 2 has the unknown scheme tcp:; known are stomp:, /],
  ['localhost', 'invalid-uri', /no scheme/],
  ['stomp:a:61613', 'invalid-uri', /names no host/],
  ['stomp://', 'invalid-uri', /names no host/],
  ['stomp://:61613', 'invalid-uri', /not a valid URI/],
  ['stomp://a:0', 'invalid-uri', /port 0/],
  ['stomp://a:65536', 'invalid-uri', /not a valid URI/],
  ['stomp://a:61613#top', 'invalid-uri', /fragment/],
  ['stomp://[::1', 'invalid-uri', /not a valid URI/],
  ['stomp://a b', 'invalid-uri', /white space/],
  ['stomp://us%0aer:x@a', 'invalid-uri', /user name of broker 1 holds a control character/],
  ['stomp://user:%zz@a', 'invalid-uri', /password of broker 1 has a percent sign/],
  ['stomp://:secret@a', 'invalid-uri', /password and no user name/],
  [`failover:(${Array.from({ length: 101 }, () => 'stomp://a').join(',')})`, 'invalid-uri', /more than 100 brokers/],
  [`stomp://${'a'.repeat(20_000)}`, 'invalid-uri', /longer than/],
] as const) {
  test(`${JSON.stringify(text.slice(0, 60))} is refused: ${why.source}`, () => {
    const error = refusal(text)
    assert.equal(error.code, code)
    assert.match(error.message, why)
  })
}

for (const text of [
  'stomp://user:12/hunter2@a:61613',
  'stomp://user:12?hunter2@a:61613',
  'stomp://user:12?hunter2=1@a:61613',
  'stomp://user:12#hunter2@a:61613',
  'stomp://user:hunter2/@a:61613',
  'failover:(stomp://user:hunt,hunter2:x@a)',
  'failover:(stomp://user:12)?hunter2=1@a)',
  'failover:(stomp://user:12)?hunter2@a)',
  'failover:(stomp://user:12)hunter2@a)',
  'failover:(stomp://user:hunter2@a:notaport)',
  'failover:(stomp://user:%hunter2@a)',
  'failover:(stomp://user:hunter2@a)?maxPending=none',
  'failover:(stomp://user:hunter2@a?vhots=x)?retrythreshold=1',
]) {
  test(`the refusal of ${text.replace('hunter2', '…')} does not show the password`, () => {
    const error = refusal(text)
    assert.doesNotMatch(error.message, /hunter2/)
    assert.doesNotMatch(error.stack ?? '', /hunter2/)
    assert.equal(error.cause, undefined)
  })
}

test('an option that neither the list nor the transport knows is refused with the nearest known one', () => {
  const endpoint = first('failover:(stomp://user:secret@a:1?vhots=x)')
  assert.throws(
    () => checkEndpointOptions(endpoint, ['vhost']),
    (error) => {
      assert.ok(error instanceof UnderstudyError)
      assert.equal(error.message, 'unknown option "vhots" of stomp://a:1; did you mean vhost?')
      return error.code === 'invalid-option'
    },
  )
  assert.doesNotThrow(() => checkEndpointOptions(endpoint, ['vhots']))
})

test('a name that every object has is no option', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.match(refusal(`failover:(stomp://a)?${name}=1`).message, /unknown option/)
    const endpoint = first(`failover:(stomp://a?${name}=1)`)
    assert.throws(() => checkEndpointOptions(endpoint, ['vhost']), /unknown option/)
  }
})

test('the list as it is shown has neither credentials nor options', () => {
  const uri = parseFailoverUri('failover:(stomp://user:secret@a:1?vhost=x,stomp+ssl://b)?retryThreshold=1')
  assert.equal(describeFailoverUri(uri), 'failover:(stomp://a:1,stomp+ssl://b:61614)')
  assert.deepEqual(addresses(parseFailoverUri(describeFailoverUri(uri))), addresses(uri))
})

test('an address is read with its default port, and nothing that is no address is one', () => {
  assert.equal(addressOf('stomp://a'), 'stomp://a:61613')
  assert.equal(addressOf('stomp://[::1]:7'), 'stomp://[::1]:7')
  assert.equal(addressOf('a:61613'), undefined)
})
