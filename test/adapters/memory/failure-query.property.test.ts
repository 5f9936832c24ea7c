import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { memoryFailures } from '../../../adapters/memory/failures.ts'
import { formatQuery } from '../../../src/jobs/failures/query/format.ts'
import type { Failure } from '../../../src/jobs/failures/failure.ts'
import type { FailureQuery } from '../../../src/jobs/failures/query/query.ts'
import { sqliteFailures } from '../../../src/stores.ts'
import { failure, NOW } from '../../../src/testing/failure-store/place.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const PIECES = [
  'connect',
  'ECONNREFUSED',
  'disk',
  'Full',
  '10.0.0.7:5672',
  'Düsseldorf',
  "can't",
  '50%',
  'a_b',
  '!!!',
  'x',
]

const piece = fc.constantFrom(...PIECES)
const text = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(' '))
const name = fc.constantFrom('image.resize', 'image.crop', 'mail.send', 'Mail.send', '')
const optional = <Value>(of: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(of, { nil: undefined })

const someFailures: fc.Arbitrary<readonly Failure[]> = fc
  .array(
    fc.record({
      job: name,
      queue: fc.constantFrom('low', 'high'),
      errorClass: fc.constantFrom('Error', 'TypeError'),
      errorMessage: text,
      errorCode: optional(fc.constantFrom('ECONNREFUSED', 'E_TIME')),
      stack: optional(text),
      preview: text,
      reason: fc.constantFrom('exception', 'timeout', 'expired'),
      requestId: optional(fc.constantFrom('r-1', 'r-2')),
      requeues: fc.integer({ min: 0, max: 3 }),
      // Hours apart from what ages ask for, since the two stores read their clocks one after the other.
      failedAt: fc.integer({ min: 0, max: 9 }).map((hours) => NOW - hours * 3_600_000 - 1_800_000),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((all) => all.map((fields, index) => failure({ ...fields, jobId: `job-${index}` })))

/** With stars, letters beyond ASCII have a case in memory and none in SQLite. */
const wanted = fc.oneof(
  piece,
  text.filter((words) => words.trim() !== ''),
  fc
    .tuple(piece, piece)
    .map(([one, other]) => `${one.slice(1)}*${other.slice(0, 3)}`)
    .filter((pattern) => !pattern.includes('ü')),
)

const leaf: fc.Arbitrary<FailureQuery> = fc.oneof(
  fc.constant<FailureQuery>({ kind: 'all' }),
  wanted.map((text): FailureQuery => ({ kind: 'text', text })),
  fc
    .tuple(fc.constantFrom('error', 'preview', 'stack'), wanted)
    .map(([field, text]): FailureQuery => ({ kind: 'field', field, text })),
  fc
    .tuple(
      fc.constantFrom('job', 'queue', 'class', 'code', 'reason', 'requestId', 'jobId'),
      fc.constantFrom(
        'image.*',
        'mail.send',
        '*',
        'low',
        'Error',
        '*Error',
        'E*',
        'E_TIME',
        'timeout',
        'r-1',
        'job-1*',
        '',
      ),
    )
    .map(([field, text]): FailureQuery => ({ kind: 'field', field, text })),
  fc
    .tuple(fc.constantFrom('<', '<=', '>', '>='), fc.integer({ min: 0, max: 3 }))
    .map(([comparison, value]): FailureQuery => ({ kind: 'compare', field: 'requeues', comparison, value })),
  fc
    .tuple(fc.constantFrom('<', '>'), fc.integer({ min: 0, max: 9 }))
    .map(
      ([comparison, hours]): FailureQuery => ({ kind: 'compare', field: 'age', comparison, value: hours * 3_600_000 }),
    ),
)

const { query } = fc.letrec<{ query: FailureQuery }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('query'), { maxLength: 3 }))
      .map(([kind, of]): FailureQuery => ({ kind, of })),
    tie('query').map((of): FailureQuery => ({ kind: 'not', of })),
  ),
}))

it('a query finds the same in SQLite as one look at each failure does', async () => {
  const folder = temporaryFolder('twins')
  let stores = 0
  await fc.assert(
    fc.asyncProperty(someFailures, fc.array(query, { minLength: 10, maxLength: 60 }), async (all, queries) => {
      await using naive = memoryFailures()
      await using sqlite = sqliteFailures(join(folder, `${++stores}.db`))
      await sqlite.open()
      await naive.keep(all)
      await sqlite.keep(all)
      for (const one of queries) {
        const [expected, found] = await Promise.all([naive, sqlite].map((store) => store.search(one, { limit: 100 })))
        const ids = (page: typeof found): readonly string[] | undefined => page?.failures.map(({ id }) => id)
        assert.deepEqual(ids(found), ids(expected), formatQuery(one))
      }
    }),
    { numRuns: 10 },
  )
})
