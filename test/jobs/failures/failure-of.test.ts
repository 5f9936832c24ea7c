import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { HEADER } from '../../../src/jobs/envelope.ts'
import { type FailedDelivery, failureOf } from '../../../src/jobs/failures/failure-of.ts'
import { failureMessage, formatFailure, parseFailure } from '../../../src/jobs/failures/failure-record.ts'
import { thrownLine } from '../../../src/jobs/failures/thrown.ts'

const delivery = (given: Partial<FailedDelivery> = {}): FailedDelivery => ({
  id: 'job-1',
  bytes: Buffer.from('{"n":1}'),
  contentType: 'application/json',
  headers: { [HEADER.job]: 'image.resize', [HEADER.queue]: 'images', mine: 'x' },
  destination: 'queue://images',
  endpoint: 'amqp://broker-1:5672',
  replyTo: 'queue://replies',
  ...given,
})
const run = (error: unknown) => ({ reason: 'exception', error, worker: 'host:1:1', at: 5000 }) as const

describe('the record of a failure', () => {
  it('says what the message and its headers say', () => {
    const attempt = {
      attempt: 1,
      at: 4000,
      worker: 'host:1:1',
      broker: 'amqp://b:1',
      error: 'Error: no',
      durationMs: 3,
    }
    const headers = {
      ...delivery().headers,
      [HEADER.requeues]: '2',
      [HEADER.enqueuedAt]: '1000',
      [HEADER.expiresAt]: '9000',
      [HEADER.preview]: 'n=1',
      [HEADER.requestId]: 'r-1',
      [HEADER.priority]: '7',
      [HEADER.history]: JSON.stringify([attempt, { not: 'one' }]),
      traceparent: '00-1-2-01',
    }
    const error = Object.assign(new TypeError('no such host'), { code: 'ENOTFOUND' })
    const failure = failureOf(delivery({ headers }), run(error))
    const { args, stack, fingerprint, headers: kept, ...rest } = failure
    assert.deepEqual(rest, {
      id: 'job-1.2',
      jobId: 'job-1',
      job: 'image.resize',
      queue: 'images',
      broker: { kind: 'amqp', name: 'broker-1:5672', url: 'amqp://broker-1:5672' },
      contentType: 'application/json',
      preview: 'n=1',
      reason: 'exception',
      errorClass: 'TypeError',
      errorMessage: 'no such host',
      errorCode: 'ENOTFOUND',
      attempts: [attempt],
      requeues: 2,
      worker: 'host:1:1',
      enqueuedAt: 1000,
      firstFailedAt: 4000,
      failedAt: 5000,
      expiresAt: 9000,
      traceparent: '00-1-2-01',
      requestId: 'r-1',
      replyTo: 'queue://replies',
      priority: 7,
    })
    assert.equal(Buffer.from(args).toString(), '{"n":1}')
    assert.match(stack ?? '', /no such host/)
    assert.match(fingerprint, /^[0-9a-f]{16}$/)
    assert.deepEqual(Object.keys(kept).includes(HEADER.history), false)
    assert.equal(kept['mine'], 'x')
  })

  it('is made of whatever was thrown', () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('get')
      },
      getPrototypeOf: () => {
        throw new Error('prototype')
      },
    })
    const mute = {
      get message(): string {
        throw new Error('message')
      },
      toString: () => {
        throw new Error('toString')
      },
    }
    class QuotaError extends Error {}
    const cases: [unknown, string, string][] = [
      [undefined, 'undefined', 'undefined'],
      [null, 'null', 'null'],
      ['only text', 'string', 'only text'],
      [42n, 'bigint', '42'],
      [{ message: 'an answer', code: 500 }, 'object', 'an answer'],
      [{ a: 1 }, 'object', '{ a: 1 }'],
      [mute, 'object', 'a object without a text'],
      [new QuotaError('full'), 'QuotaError', 'full'],
      [Symbol('s'), 'symbol', 'Symbol(s)'],
    ]
    for (const [error, errorClass, errorMessage] of cases) {
      const failure = failureOf(delivery(), run(error))
      assert.deepEqual([failure.errorClass, failure.errorMessage], [errorClass, errorMessage])
    }
    assert.equal(failureOf(delivery(), run(hostile)).reason, 'exception')
    fc.assert(
      fc.property(fc.anything(), (error) => {
        assert.equal(typeof failureOf(delivery(), run(error)).errorMessage, 'string')
      }),
    )
  })

  it('is bounded, and shows no credentials of a URL', () => {
    const error = new Error(`amqp://guest:s3cret@broker/ ${'ü'.repeat(9000)}`)
    error.stack = `${error.stack}\n${'at x '.repeat(9000)}`
    const failure = failureOf(
      delivery({ headers: {}, bytes: Buffer.from('see http://me:s3cret@host/ now') }),
      run(error),
    )
    assert.ok(Buffer.byteLength(failure.errorMessage) <= 4096 && Buffer.byteLength(failure.stack ?? '') <= 16_384)
    assert.equal(failure.preview, 'see http://host/ now')
    for (const text of [failure.errorMessage, failure.stack, thrownLine(error)])
      assert.doesNotMatch(text ?? '', /s3cret/)
    assert.ok(thrownLine(error).length <= 200)
    assert.ok(!failure.errorMessage.includes('\ufffd'))
  })

  it('shows no credentials wherever a URL stands, and whatever the password holds', () => {
    for (const url of [
      'amqp://me:s3cret@h',
      'x+y://me:s3/cret@h/p',
      'http://me:s3@cret@h',
      'redis://:s3cret@h',
      'a://s3cret@h',
    ])
      for (const before of [0, 10, 4080, 4090, 4096]) {
        const { errorMessage } = failureOf(delivery(), run(new Error(`${'x'.repeat(before)} ${url} and more`)))
        assert.doesNotMatch(errorMessage, /s3|cret/)
      }
    const harmless = 'GET https://host/a@b, mail me@host'
    assert.equal(failureOf(delivery(), run(new Error(harmless))).errorMessage, harmless)
  })

  it('comes back out of its message as it went in', () => {
    const failure = failureOf(delivery({ bytes: Buffer.from([0, 255, 10]) }), run(new Error('ü\0"')))
    const { payload, options } = failureMessage(failure)
    assert.deepEqual(parseFailure(Buffer.from(payload).toString()), failure)
    assert.equal(options.id, 'job-1.0')
  })

  it('is refused with a reason where it is none', () => {
    const line = formatFailure(failureOf(delivery(), run('x')))
    const without = (name: string, value?: unknown): string => JSON.stringify({ ...JSON.parse(line), [name]: value })
    for (const text of ['', '[', 'null', '7', '[]', without('jobId'), without('reason', 'toString')])
      assert.throws(() => parseFailure(text), { code: 'decode' })
    for (const text of [without('headers', { a: 1 }), without('requeues', -1), without('attempts', {})])
      assert.throws(() => parseFailure(text), { code: 'decode' })
  })
})
