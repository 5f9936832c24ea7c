import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from '../../src/index.ts'
import { contractGroups } from '../../src/testing/contract-suite.ts'
import { selfSigned } from '../support/self-signed.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { coverageTable, skippedItems } from './coverage.ts'
import { suiteRuns } from './transports.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

test('the suite has every item, without a gap', () => {
  // The fiftieth is about all the others, and stands in the suite itself.
  const items = new Set([50, ...contractGroups.flatMap(({ tests }) => tests.map(({ item }) => item))])
  const last = Math.max(...items)
  assert.ok(last >= 52)
  assert.deepEqual(
    [...items].toSorted((one, other) => one - other),
    Array.from({ length: last }, (_, index) => index + 1),
  )
})

test('no two tests of the suite have the same name', () => {
  const titles = contractGroups.flatMap(({ tests }) => tests.map(({ item, title }) => `${item} ${title}`))
  assert.equal(new Set(titles).size, titles.length)
})

for (const run of suiteRuns) {
  test(`what the suite cannot show on ${run.transport} is shown by another test, which is named`, () => {
    assert.match(read(run.file), /uite\(/)
    for (const item of skippedItems(run).keys()) {
      const elsewhere = run.elsewhere[item]
      assert.ok(elsewhere, `item ${item} is tested nowhere on ${run.transport}`)
      assert.ok(read(elsewhere.file).includes(elsewhere.test), `${elsewhere.file} has no test ${elsewhere.test}`)
    }
  })
}

test('docs/writing-an-adapter.md has the table of what is tested where', () => {
  const docs = read('docs/writing-an-adapter.md')
  assert.ok(docs.includes(coverageTable()), `the table is not up to date; it should be\n${coverageTable()}`)
})

// Item 5, for a transport without TLS.
test('an address without TLS takes no TLS settings', async (context) => {
  const file = join(temporaryFolder('authority', context), 'ca.pem')
  writeFileSync(file, selfSigned('localhost').certificate)
  await assert.rejects(connect(`memory:x?caFile=${encodeURIComponent(file)}`), {
    code: 'invalid-option',
    message: /caFile.*needs a scheme with TLS/,
  })
})
