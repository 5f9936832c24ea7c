import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { CLOSED_SETS, QUERY_FIELDS } from '../../src/jobs/failures/query/query.ts'
import { formatQuery } from '../../src/jobs/failures/query/format.ts'
import { parseQuery } from '../../src/jobs/failures/query/parser.ts'

const page = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8')

it('every query on the page of failures is read, and printed as it stands there', () => {
  const queries = Array.from(page.matchAll(/^```query\n(.*?)^```/gms), ([, lines = '']) =>
    lines.trim().split('\n'),
  ).flat()
  assert.ok(queries.length > 5)
  const printed = queries.map((query) => formatQuery(parseQuery(query)))
  assert.deepEqual(
    printed,
    queries.map((query) => query.replace('error:"ECONNREFUSED"', 'error:ECONNREFUSED')),
  )
})

it('the page of failures names every field and every value of a closed set', () => {
  const [list = ''] = /^Fields: .*?\n\n/ms.exec(page) ?? []
  for (const name of [...QUERY_FIELDS, ...Array.from(CLOSED_SETS.values()).flat()])
    assert.ok(list.includes(`\`${name}\``), name)
})

it('the error on the page of failures is what the parser says', () => {
  const [, message = ''] = /`(query, column 8: .*?)`/.exec(page) ?? []
  assert.throws(() => parseQuery('status:faild'), { message })
})
