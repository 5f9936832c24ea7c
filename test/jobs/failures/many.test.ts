import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Failure } from '../../../src/jobs/failures/failure.ts'
import { parseQuery } from '../../../src/jobs/failures/query/parser.ts'
import { failure, NOW } from '../../../src/testing/failure-store/place.ts'
import { STORES } from '../store-places.ts'

const MANY = 100_000
const PORTION = 2000

/** Few are remarkable, and the rest are alike. */
const REMARKABLE: Readonly<Record<number, Partial<Failure>>> = {
  1000: { errorMessage: `'); DROP TABLE failures; --` },
  50_000: { errorMessage: 'connect ECONNREFUSED 10.0.0.7:5672', errorCode: 'ECONNREFUSED' },
  99_999: { errorMessage: '+full -text* ~"operators" (a) <b> @5', preview: 'needle' },
}

/** What each query finds, by number; undefined for nobody. */
const FINDS: readonly (readonly [string, number | undefined])[] = [
  ['error:"ECONNREFUSED"', 50_000],
  ['code:ECONNREFUSED age<30d', 50_000],
  ['"DROP TABLE"', 1000],
  [`"'); DROP TABLE failures; --"`, 1000],
  ['"+full -text*"', 99_999],
  ['error:"*~\\"operators\\"*"', 99_999],
  ['preview:needle', 99_999],
  [`job:"' OR 1=1 --"`, undefined],
  [`"x' OR 'x'='x"`, undefined],
  ['job:"%"', undefined],
  ['error:"*%*"', undefined],
  ['id:"job-1.0\\" OR \\"1\\"=\\"1"', undefined],
  ['"NEAR(connect ECONNREFUSED)"', undefined],
  ['"error_message : connect"', undefined],
]

for (const { name, skip, place: newPlace } of STORES) {
  describe(`100,000 failures in ${name}`, { skip }, () => {
    it('are searched for statements and operators as for other words', async () => {
      const place = await newPlace()
      await using store = place.failures()
      await store.open()
      for (let from = 0; from < MANY; from += PORTION)
        await store.keep(
          Array.from({ length: PORTION }, (_, index) => {
            const n = from + index
            const fields = { errorMessage: `row ${n} is locked`, failedAt: NOW - MANY + n, ...REMARKABLE[n] }
            return failure({ jobId: `job-${n}`, ...fields })
          }),
        )
      for (const [query, expected] of FINDS) {
        const { failures: found } = await store.search(parseQuery(query), { limit: 10 })
        assert.deepEqual(
          found.map(({ jobId }) => jobId),
          expected === undefined ? [] : [`job-${expected}`],
          query,
        )
      }
      assert.equal(await store.count(parseQuery('error:locked')), MANY - Object.keys(REMARKABLE).length)
      const page = await store.search(parseQuery('locked'), { limit: 2 })
      assert.deepEqual(
        page.failures.map(({ jobId }) => jobId),
        ['job-99998', 'job-99997'],
      )
      assert.equal(await store.count({ kind: 'all' }), MANY)
    })
  })
}
