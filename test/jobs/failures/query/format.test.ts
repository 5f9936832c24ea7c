import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import {
  CLOSED_SETS,
  type FailureQuery,
  QUERY_FIELDS,
  type QueryField,
  TEXT_FIELDS,
} from '../../../../src/jobs/failures/query/query.ts'
import { formatQuery } from '../../../../src/jobs/failures/query/format.ts'
import { parseQuery } from '../../../../src/jobs/failures/query/parser.ts'

const nasty = fc.constantFrom(
  '"',
  '\\',
  ' ',
  '(',
  ')',
  ':',
  '<',
  '>',
  '-',
  '*',
  '\0',
  '\n',
  ' ',
  'OR',
  'and',
  'é',
  '🎭',
  "'",
  '%',
)
const anyText = fc
  .array(fc.oneof(nasty, fc.string({ maxLength: 4 })), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
const someText = anyText.filter((text) => text !== '')

function value(field: QueryField): fc.Arbitrary<string> {
  const closed = CLOSED_SETS.get(field)
  if (closed) return fc.constantFrom(...closed)
  if (field === 'attempts' || field === 'requeues') return fc.nat().map(String)
  return (TEXT_FIELDS as readonly string[]).includes(field) ? someText : anyText
}

const valueFields = QUERY_FIELDS.filter((field) => field !== 'age')
const leaf: fc.Arbitrary<FailureQuery> = fc.oneof(
  someText.map((text): FailureQuery => ({ kind: 'text', text })),
  fc
    .constantFrom(...valueFields)
    .chain((field) => value(field).map((text): FailureQuery => ({ kind: 'field', field, text }))),
  fc
    .tuple(fc.constantFrom('age', 'attempts', 'requeues'), fc.constantFrom('<', '<=', '>', '>='), fc.nat())
    .map(([field, comparison, value]): FailureQuery => ({ kind: 'compare', field, comparison, value })),
)

/** Every tree that the parser can make. */
const { query } = fc.letrec<{ query: FailureQuery }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    fc.constant<FailureQuery>({ kind: 'all' }),
    tie('query').map((of): FailureQuery => ({ kind: 'not', of })),
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('query'), { minLength: 2, maxLength: 3 }))
      .map(([kind, of]): FailureQuery => ({ kind, of })),
  ),
}))

it('what is printed of a query is read as the same query again', () => {
  fc.assert(
    fc.property(query, (tree) => {
      const printed = formatQuery(tree)
      fc.pre(printed.length <= 4_000)
      assert.deepEqual(parseQuery(printed), tree)
    }),
    { numRuns: 500 },
  )
})

it('a query is printed as a person would write it', () => {
  const written =
    'error:ECONNREFUSED job:image.* age<2h -queue:low (class:TypeError OR code:E*) attempts>=3 "a phrase" word'
  assert.equal(formatQuery(parseQuery(written)), written)
  assert.equal(formatQuery(parseQuery('a AND (b AND c) OR ((d))')), 'a (b c) OR d')
  assert.equal(formatQuery(parseQuery('age>90000ms')), 'age>90s')
  assert.equal(formatQuery({ kind: 'all' }), '')
})
