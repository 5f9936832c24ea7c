import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { bytesSerializer, jsonSerializer } from '../../src/jobs/serializer.ts'
import type { StandardSchema } from '../../src/jobs/standard-schema.ts'

const perform = (): void => {}

const refused = (options: object, message: RegExp): void => {
  assert.throws(
    () => defineJob({ name: 'mail.send', perform, ...options }),
    (error) => error instanceof UnderstudyError && error.code === 'invalid-option' && message.test(error.message),
    JSON.stringify(options),
  )
}

test('a job that says nothing else has the queue jobs, JSON, and no second attempt', () => {
  const job = defineJob({ name: 'mail.send', perform })
  assert.deepEqual(job, { name: 'mail.send', perform, queue: 'jobs', serializer: jsonSerializer })
  assert.ok(Object.isFrozen(job))
})

test('a queue may be written in full', () => {
  assert.equal(defineJob({ name: 'a', queue: 'queue://images', perform }).queue, 'images')
  refused({ queue: 'topic://images' }, /jobs go to queues, not to topics such as topic:\/\/images/)
  refused({ queue: '' }, /has no name/)
  refused({ queue: 7 }, /queue must be the name/)
})

test('an option that cannot be is named, with its job', () => {
  refused({ name: '' }, /a job has a name/)
  refused({ name: 7 }, /a job has a name/)
  refused({ name: 'x'.repeat(201) }, /at most 200 characters: .* has 201/)
  refused({ name: 'a\nb' }, /no control characters: "a\\nb"/)
  refused({ retries: 3 }, /unknown job option "retries"; did you mean retry\?/)
  refused({ retry: { attempt: 3 } }, /unknown retry option "attempt"; did you mean attempts\?/)
  refused({ retry: { backoff: { delays: 3 } } }, /unknown backoff option "delays"; did you mean delay\?/)
  refused({ retry: 5 }, /job mail.send: retry must be an object/)
  for (const attempts of [0, -1, 1.5, Number.NaN, '3'])
    refused({ retry: { attempts } }, /mail.send: retry.attempts must/)
  refused({ retry: { retryIf: true } }, /retry.retryIf must be a function/)
  refused({ retry: { backoff: { type: 'linear' } } }, /exponential or fixed, not "linear"/)
  for (const delay of [-1, Number.NaN, 2 ** 31]) {
    refused({ retry: { backoff: { delay } } }, /retry.backoff.delay must be a number from 0 to/)
    refused({ retry: { backoff: { max: delay } } }, /retry.backoff.max must be a number from 0 to/)
  }
  for (const jitter of [-0.1, 1.1]) refused({ retry: { backoff: { jitter } } }, /jitter must be a number from 0 to 1/)
  for (const timeout of [0, Number.POSITIVE_INFINITY]) refused({ timeout }, /timeout must be a number from 1 to/)
  refused({ schema: {} }, /schema must be a Standard Schema/)
  refused({ serializer: { contentType: 'a/b' } }, /serializer must have contentType, encode and decode/)
  refused({ preview: 'x' }, /preview must be a function/)
  refused({ perform: undefined }, /perform must be a function/)
})

test('the schema says what is enqueued and what perform gets, perform what the result is', () => {
  const schema: StandardSchema<{ at: string }, { at: Date }> = {
    '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: { at: new Date(String(value)) } }) },
  }
  const job = defineJob({ name: 'remind', schema, perform: ({ at }) => at.getTime() })
  const typed = (args: { at: Date }): Promise<number> | number => job.perform(args, undefined as never)
  assert.equal(typed({ at: new Date(5) }), 5)
  const plain = defineJob({ name: 'sum', perform: (of: number[]) => `${of.length}` })
  const typedToo = (args: number[]): Promise<string> | string => plain.perform(args, undefined as never)
  assert.equal(typedToo([1]), '1')
  assert.equal(defineJob({ name: 'raw', serializer: bytesSerializer, perform }).serializer, bytesSerializer)
})
