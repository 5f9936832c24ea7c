import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { failoverOptionNames, readFailoverOptions } from '../../src/failover/options.ts'

const read = (...given: [string, string][]): ReturnType<typeof readFailoverOptions> =>
  readFailoverOptions(new Map(given))

function refused(name: string, value: string, why: RegExp): void {
  assert.throws(
    () => read([name, value]),
    (error) => {
      assert.ok(error instanceof UnderstudyError)
      assert.equal(error.code, 'invalid-option')
      assert.match(error.message, why)
      assert.ok(error.message.includes(name), error.message)
      return true
    },
  )
}

test('nothing said means the documented defaults', () => {
  assert.deepEqual(read(), {
    initialReconnectDelayMs: 10,
    maxReconnectDelayMs: 30_000,
    useExponentialBackOff: true,
    reconnectDelayExponent: 2,
    reconnectDelayShare: 0.05,
    jitter: 0.2,
    maxReconnectAttempts: -1,
    startupMaxReconnectAttempts: -1,
    warnAfterReconnectAttempts: 10,
    randomize: true,
    priorityBackup: false,
    priorityUris: [],
    timeoutMs: -1,
    retryThresholdMs: 60_000,
    stabilityWindowMs: 5000,
    connectTimeoutMs: 3000,
    heartbeatMs: 5000,
    confirmTimeoutMs: 15_000,
    drainTimeoutMs: 10_000,
    maxPending: 10_000,
    maxPendingBytes: 67_108_864,
    whenFull: 'wait',
  })
})

test('every option is read', () => {
  const options = read(
    ['initialReconnectDelay', '1'],
    ['maxReconnectDelay', '2'],
    ['useExponentialBackOff', 'false'],
    ['reconnectDelayExponent', '1.5'],
    ['reconnectDelayShare', '1'],
    ['jitter', '0'],
    ['maxReconnectAttempts', '4'],
    ['startupMaxReconnectAttempts', '5'],
    ['warnAfterReconnectAttempts', '-1'],
    ['randomize', 'false'],
    ['priorityBackup', 'true'],
    ['priorityURIs', 'stomp://a, stomp://b'],
    ['timeout', '6'],
    ['retryThreshold', '-1'],
    ['stabilityWindow', '7'],
    ['connectTimeout', '8'],
    ['heartbeat', '0'],
    ['confirmTimeout', '9'],
    ['drainTimeout', '0'],
    ['maxPending', '11'],
    ['maxPendingBytes', '12'],
    ['whenFull', 'reject'],
  )
  assert.deepEqual(options, {
    initialReconnectDelayMs: 1,
    maxReconnectDelayMs: 2,
    useExponentialBackOff: false,
    reconnectDelayExponent: 1.5,
    reconnectDelayShare: 1,
    jitter: 0,
    maxReconnectAttempts: 4,
    startupMaxReconnectAttempts: 5,
    warnAfterReconnectAttempts: -1,
    randomize: false,
    priorityBackup: true,
    priorityUris: ['stomp://a', 'stomp://b'],
    timeoutMs: 6,
    retryThresholdMs: -1,
    stabilityWindowMs: 7,
    connectTimeoutMs: 8,
    heartbeatMs: 0,
    confirmTimeoutMs: 9,
    drainTimeoutMs: 0,
    maxPending: 11,
    maxPendingBytes: 12,
    whenFull: 'reject',
  })
  assert.ok(Object.isFrozen(options) && Object.isFrozen(options.priorityUris))
})

test('startup attempts follow the steady ones unless they say otherwise', () => {
  assert.equal(read(['maxReconnectAttempts', '7']).startupMaxReconnectAttempts, 7)
  assert.equal(read(['maxReconnectAttempts', '7'], ['startupMaxReconnectAttempts', '0']).startupMaxReconnectAttempts, 0)
})

test("ActiveMQ's second name for the exponent is the same option, and may not stand beside it", () => {
  assert.equal(read(['backOffMultiplier', '3']).reconnectDelayExponent, 3)
  assert.throws(
    () => read(['backOffMultiplier', '3'], ['reconnectDelayExponent', '3']),
    /reconnectDelayExponent is given twice \(reconnectDelayExponent is the same option\)/,
  )
  assert.throws(
    () => read(['reconnectDelayExponent', '3'], ['backOffMultiplier', '3']),
    /reconnectDelayExponent is given twice \(backOffMultiplier is the same option\)/,
  )
})

for (const [name, value, tolerated, why] of [
  ['backup', 'true', 'false', /accepts no connection to hold in reserve/],
  ['backupPoolSize', '2', undefined, /accepts no connection to hold in reserve/],
  ['trackMessages', 'false', 'true', /always kept and sent again/],
  ['trackTransactionProducers', 'true', undefined, /no transactions/],
  ['maxCacheSize', '131072', undefined, /maxPendingBytes/],
  ['maxPullCacheSize', '10', undefined, /no pull consumers/],
  ['updateURIsSupported', 'true', 'false', /do not announce others/],
  ['updateURIsURL', 'file:x', undefined, /the URI itself/],
  ['rebalanceUpdateURIs', 'true', 'false', /do not announce others/],
  ['nestedExtraQueryOptions', 'a=b', undefined, /nested\.NAME=VALUE/],
  ['reconnectSupported', 'false', 'true', /what this URI is for/],
  ['useExponentialBackoff', 'true', undefined, /spelled useExponentialBackOff/],
] as const) {
  test(`ActiveMQ's ${name}=${value} is refused with its reason`, () => {
    refused(name, value, /is not supported: /)
    refused(name, value, why)
    if (tolerated !== undefined) assert.doesNotThrow(() => read([name, tolerated]))
  })
}

for (const [name, value] of [
  ['maxReconnectAttempts', '-2'],
  ['maxReconnectAttempts', '1.5'],
  ['maxReconnectAttempts', ''],
  ['maxReconnectAttempts', ' 1'],
  ['maxReconnectAttempts', '1e3'],
  ['maxReconnectAttempts', '0x10'],
  ['maxReconnectAttempts', 'NaN'],
  ['maxReconnectAttempts', '99999999999999999999'],
  ['initialReconnectDelay', '0'],
  ['maxReconnectDelay', '2147483648'],
  ['reconnectDelayExponent', '0.5'],
  ['reconnectDelayExponent', '-1'],
  ['reconnectDelayExponent', 'Infinity'],
  ['jitter', '1.1'],
  ['jitter', '.5'],
  ['randomize', 'TRUE'],
  ['randomize', '1'],
  ['whenFull', 'drop'],
  ['heartbeat', '-1'],
  ['maxPending', '0'],
  ['maxPendingBytes', '0'],
  ['connectTimeout', '0'],
] as const) {
  test(`${name}=${value} is malformed, and the error says what it must be`, () => {
    refused(name, value, /must be /)
  })
}

test('an unknown option is refused with the nearest known one', () => {
  refused('maxReconectAttempts', '1', /did you mean maxReconnectAttempts\?/)
  refused('RANDOMIZE', 'true', /did you mean randomize\?/)
  refused('initialReconnectDelayMs', '1', /did you mean initialReconnectDelay\?/)
})

test('a long value is cut in the error', () => {
  assert.throws(
    () => read(['maxPending', 'x'.repeat(10_000)]),
    (error) => error instanceof Error && error.message.length < 200,
  )
})

test('every name in the list of names is understood', () => {
  for (const name of failoverOptionNames) {
    assert.throws(
      () => read([name, 'true'], ['no such option', '']),
      (error) => error instanceof Error && !error.message.includes(`"${name}"`),
      name,
    )
  }
})

test('a fixed delay is exact unless jitter is asked for', () => {
  const jitterOf = (given: Record<string, string>): number => readFailoverOptions(new Map(Object.entries(given))).jitter
  assert.equal(jitterOf({ useExponentialBackOff: 'false' }), 0)
  assert.equal(jitterOf({ useExponentialBackOff: 'false', jitter: '0.3' }), 0.3)
  assert.equal(jitterOf({}), 0.2)
})
