import assert from 'node:assert/strict'
import test from 'node:test'
import { type SchemaResult, type StandardSchema, validate } from '../../src/jobs/standard-schema.ts'
import { failsWith } from './enqueueing.ts'

const schemaOf = (
  check: (value: unknown) => SchemaResult<number> | Promise<SchemaResult<number>>,
): StandardSchema<unknown, number> => ({
  '~standard': { version: 1, vendor: 'test', validate: check },
})

test('a schema that answers at once is not waited for, one that takes its time is', async () => {
  assert.equal(
    validate(
      schemaOf(() => ({ value: 7 })),
      0,
      'it',
    ),
    7,
  )
  const later = validate(
    schemaOf(async () => ({ value: 8 })),
    0,
    'it',
  )
  assert.ok(later instanceof Promise)
  assert.equal(await later, 8)
})

test('issues are named with their places, the first three of them', async () => {
  const issues = [
    { message: 'no number', path: ['items', 2, { key: 'price' }] },
    { message: 'too long' },
    { message: 'unknown', path: [] },
    { message: 'never shown' },
    { message: 'nor this' },
  ]
  const expected = failsWith('schema', /^it: items\.2\.price: no number; too long; unknown; and 2 more$/)
  assert.throws(
    () =>
      validate(
        schemaOf(() => ({ issues })),
        0,
        'it',
      ),
    expected,
  )
  await assert.rejects(
    Promise.resolve(
      validate(
        schemaOf(async () => ({ issues })),
        0,
        'it',
      ),
    ),
    expected,
  )
})

test('a schema that fails itself is an error of the schema', async () => {
  const broken = (): never => {
    throw new Error('a bug')
  }
  const expected = failsWith('schema', /^it: the schema itself failed: a bug$/)
  assert.throws(() => validate(schemaOf(broken), 0, 'it'), expected)
  await assert.rejects(
    Promise.resolve(
      validate(
        schemaOf(async () => broken()),
        0,
        'it',
      ),
    ),
    expected,
  )
})
