import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { failureReads } from '../../../adapters/sqlite/failure-reads.ts'
import { failureWrites } from '../../../adapters/sqlite/failure-writes.ts'
import { sqliteCondition } from '../../../adapters/sqlite/query-dialect.ts'
import { MIGRATIONS } from '../../../adapters/sqlite/schema.ts'
import type { Failure } from '../../../src/jobs/failures/failure.ts'
import type { FailureQuery, QueryField } from '../../../src/jobs/failures/query/query.ts'
import { failure, NOW } from '../../../src/testing/failure-store/place.ts'

const PIECES = [
  'a',
  'B',
  'be',
  'É',
  '_',
  '%',
  '!',
  '[',
  ']',
  '?',
  "'",
  '"',
  '\\',
  '(',
  ')',
  ' ',
  '-',
  ';',
  '--',
  'OR',
  '^',
  '~',
  '\0',
]
const piece = fc.constantFrom(...PIECES)
const text = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''))
const pattern = fc
  .array(fc.oneof(piece, fc.constant('*')), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))

const row: fc.Arbitrary<Failure> = fc
  .record({
    job: text,
    queue: text,
    errorClass: text,
    errorMessage: text,
    errorCode: fc.option(text, { nil: undefined }),
    preview: text,
    stack: fc.option(text, { nil: undefined }),
    requeues: fc.nat(3),
    failedAt: fc.nat(5).map((hours) => NOW - hours * 3_600_000),
  })
  .map((fields) => failure({ jobId: 'x', ...fields }))

const valueFields: readonly QueryField[] = ['job', 'queue', 'class', 'code', 'requestId', 'broker', 'worker']
const textFields: readonly QueryField[] = ['error', 'preview', 'stack']
const leaf: fc.Arbitrary<FailureQuery> = fc.oneof(
  pattern.map((word): FailureQuery => ({ kind: 'text', text: word })),
  fc
    .tuple(fc.constantFrom(...valueFields), fc.oneof(pattern, fc.constant('')))
    .map(([field, value]): FailureQuery => ({ kind: 'field', field, text: value })),
  fc
    .tuple(fc.constantFrom(...textFields), pattern)
    .map(([field, value]): FailureQuery => ({ kind: 'field', field, text: value })),
  fc
    .tuple(fc.constantFrom('requeues', 'age'), fc.constantFrom('<', '<=', '>', '>='), fc.nat(4))
    .map(([field, comparison, count]): FailureQuery => {
      return { kind: 'compare', field, comparison, value: field === 'age' ? count * 3_600_000 : count }
    }),
)
const { query } = fc.letrec<{ query: FailureQuery }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc.constant<FailureQuery>({ kind: 'all' }),
    tie('query').map((of): FailureQuery => ({ kind: 'not', of })),
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('query'), { maxLength: 3 }))
      .map(([kind, of]): FailureQuery => ({ kind, of })),
  ),
}))

/** What a query means, said without a database. */
function matches(query: FailureQuery, one: Failure): boolean {
  switch (query.kind) {
    case 'all':
      return true
    case 'and':
      return query.of.every((part) => matches(part, one))
    case 'or':
      return query.of.some((part) => matches(part, one))
    case 'not':
      return !matches(query.of, one)
    case 'text':
      return holds([one.errorClass, one.errorMessage, one.errorCode, one.preview, one.job], query.text)
    case 'compare': {
      const value = query.field === 'age' ? NOW - one.failedAt : one.requeues
      const { comparison, value: bound } = query
      if (comparison.startsWith('<')) return value < bound || (comparison === '<=' && value === bound)
      return value > bound || (comparison === '>=' && value === bound)
    }
    case 'field':
      return fieldMatches(query.field, query.text, one)
  }
}

function fieldMatches(field: QueryField, value: string, one: Failure): boolean {
  if (field === 'error') return holds([one.errorClass, one.errorMessage, one.errorCode], value)
  if (field === 'preview') return holds([one.preview], value)
  if (field === 'stack') return contains(one.stack, value)
  const values: Partial<Record<QueryField, readonly (string | undefined)[]>> = {
    job: [one.job],
    queue: [one.queue],
    class: [one.errorClass],
    code: [one.errorCode],
    requestId: [one.requestId],
    worker: [one.worker],
    broker: [one.broker.kind, one.broker.name, one.broker.url],
  }
  return (values[field] ?? []).some((found) => {
    if (value === '') return found === undefined || found === ''
    return found !== undefined && new RegExp(`^${source(value)}$`, 's').test(plain(found))
  })
}

function holds(texts: readonly (string | undefined)[], word: string): boolean {
  const words = wordsOf(word)
  if (word.includes('*') || words.length === 0) return texts.some((found) => contains(found, word))
  return texts.some((found) => ` ${wordsOf(found ?? '').join(' ')} `.includes(` ${words.join(' ')} `))
}

function wordsOf(value: string): string[] {
  return (
    value
      .normalize('NFD')
      .replaceAll(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
}

function contains(found: string | undefined, value: string): boolean {
  // SQLite's LIKE knows no case beyond ASCII.
  const lower = (one: string): string => plain(one).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
  return found !== undefined && new RegExp(source(lower(value)), 's').test(lower(found))
}

function source(value: string): string {
  const literal = (part: string): string => plain(part).replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  return value.split('*').map(literal).join('.*')
}

function plain(value: string): string {
  return value.replaceAll('\0', '\u2400')
}

it('a query means in SQLite what it says', () => {
  const database = new DatabaseSync(':memory:')
  for (const step of MIGRATIONS) database.exec(step)
  const writes = failureWrites(database)
  // However SQLite is told to go about it.
  const ways = [failureReads(database), failureReads(database, 0)]
  fc.assert(
    fc.property(row, query, (one, asked) => {
      writes.remove([1, Number(database.prepare('SELECT max(n) AS n FROM failures').get()?.['n'] ?? 1)])
      writes.keep([one])
      for (const reads of ways) {
        assert.equal(reads.count(asked, NOW), matches(asked, one) ? 1 : 0)
        const picked = reads.pick(asked, { status: { is: 'failed' }, now: NOW, limit: 10, upTo: undefined })
        assert.equal(picked.rows.length, matches(asked, one) ? 1 : 0)
      }
    }),
    { numRuns: 2_000 },
  )
  database.close()
})

it('nothing of what somebody wrote becomes a part of a statement', () => {
  const signs = /^[a-z_.,:0-9A-Z ()=<>?'!{}"+]*$/
  fc.assert(
    fc.property(query, fc.boolean(), (asked, rare) => {
      const { sql, values } = sqliteCondition(asked, NOW, () => rare)
      assert.match(sql, signs)
      // The escape of LIKE is the one text in it.
      for (const literal of sql.match(/'[^']*'/g) ?? []) assert.ok(["'!'", "''"].includes(literal), literal)
      assert.equal(sql.match(/\?/g)?.length ?? 0, values.length)
    }),
    { numRuns: 500 },
  )
})

it('a comparison that is none is refused, also where a tree was built past the parser', () => {
  const asked = {
    kind: 'compare',
    field: 'age',
    comparison: '> 0 OR 1 = 1 OR 0 <',
    value: 1,
  } as unknown as FailureQuery
  assert.throws(() => sqliteCondition({ kind: 'not', of: asked }, NOW, () => true), { code: 'invalid-option' })
})
