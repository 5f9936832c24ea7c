import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import {
  applicationHeaders,
  type Envelope,
  HEADER,
  readEnvelope,
  runKey,
  writeEnvelope,
} from '../../src/jobs/envelope.ts'
import type { AttemptRecord } from '../../src/jobs/failures/failure.ts'

const NOTHING: Envelope = {
  job: '',
  queue: undefined,
  attempt: 1,
  requeues: 0,
  enqueuedAt: undefined,
  dueAt: undefined,
  expiresAt: undefined,
  priority: undefined,
  preview: '',
  requestId: undefined,
  dedupKey: undefined,
  history: [],
}

const FULL: Envelope = {
  job: 'mail.send',
  queue: 'mails',
  attempt: 3,
  requeues: 2,
  enqueuedAt: 1_700_000_000_000,
  dueAt: 1_700_000_001_000,
  expiresAt: 1_700_000_060_000,
  priority: 0,
  preview: '{"to":"ann"}',
  requestId: 'r-1',
  dedupKey: 'ann:today',
  history: [failed(1), failed(2)],
}

function failed(attempt: number, error = 'TypeError: no'): AttemptRecord {
  return {
    attempt,
    at: 1_700_000_000_000 + attempt,
    worker: 'host:1:1',
    broker: 'amqp://b:5672',
    error,
    durationMs: 1.5,
  }
}

test('what is written is what is read, beside the headers of the application', () => {
  const headers = writeEnvelope(FULL, { tenant: 'a' })
  assert.deepEqual(readEnvelope(headers), FULL)
  assert.deepEqual(applicationHeaders(headers), { tenant: 'a' })
})

test('a first attempt that was never sent back says neither', () => {
  assert.deepEqual(writeEnvelope({ ...NOTHING, job: 'a' }), { [HEADER.job]: 'a' })
  assert.deepEqual(readEnvelope({}), NOTHING)
})

test('headers that make no sense are read as if they were not there', () => {
  const words = fc.oneof(
    fc.string(),
    fc.constantFrom('', '-1', '0', '1e9', '99999999999999999999', '[]', '[{}]', '{', 'null'),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.values(HEADER)), words), (headers) => {
      const envelope = readEnvelope(headers)
      assert.ok(Number.isSafeInteger(envelope.attempt) && envelope.attempt >= 1)
      assert.ok(Number.isSafeInteger(envelope.requeues) && envelope.requeues >= 0)
      for (const at of [envelope.enqueuedAt, envelope.dueAt, envelope.expiresAt]) assert.ok(at === undefined || at >= 0)
      assert.ok(Array.isArray(envelope.history))
      assert.deepEqual(readEnvelope(writeEnvelope(envelope)), envelope)
    }),
  )
})

test('a history holds the last attempts, in at most 4 KiB, whatever was thrown', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 150 }), fc.string({ unit: 'binary', maxLength: 400 }), (count, error) => {
      const history = Array.from({ length: count }, (_, n) => failed(n + 1, error))
      const text = writeEnvelope({ ...FULL, history })[HEADER.history] ?? ''
      assert.ok(Buffer.byteLength(text) <= 4096)
      const read = readEnvelope({ [HEADER.history]: text }).history.map(({ attempt }) => attempt)
      assert.deepEqual(
        read,
        Array.from({ length: read.length }, (_, n) => count - read.length + n + 1),
      )
    }),
  )
  const many = Array.from({ length: 50 }, (_, n) => failed(n + 1))
  assert.ok(readEnvelope(writeEnvelope({ ...FULL, history: many })).history.length >= 20)
})

test('a run is a job, how often it was sent back, and the attempt', () => {
  assert.equal(runKey('j', 2, 3), 'j/2/3')
})
