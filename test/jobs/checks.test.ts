import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CHECKS } from './checks.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** What a file has to hold to run on a store. */
const RUNS_ON: Readonly<Record<string, RegExp>> = {
  SQLite: /\bSTORES\b|sqlitePlace/,
  MariaDB: /\bSTORES\b|mysqlPlace/,
}

test('the checks are numbered from 1 to 20, without a gap', () => {
  assert.deepEqual(
    Object.keys(CHECKS).map(Number),
    Array.from({ length: 20 }, (_, index) => index + 1),
  )
})

for (const [number, { what, onBrokers, onStores, proofs }] of Object.entries(CHECKS)) {
  test(`check ${number} has its tests where it matters: ${what}`, () => {
    assert.ok(proofs.length > 0)
    for (const { file, test: name, labs = [], stores = [], runIn = file } of proofs) {
      assert.ok(read(file).includes(name), `${file} has no test ${name}`)
      const runner = read(runIn)
      assert.match(runIn, /\.test\.ts$/)
      for (const lab of labs) assert.ok(runner.includes(`'${lab}'`), `${runIn} has no lab ${lab}`)
      for (const store of stores) assert.match(runner, RUNS_ON[store] ?? assert.fail(store))
    }
    const labs = proofs.flatMap((proof) => proof.labs ?? [])
    const stores = new Set(proofs.flatMap((proof) => proof.stores ?? []))
    if (onBrokers)
      for (const broker of ['activemq', 'rabbitmq'])
        assert.ok(
          labs.some((lab) => lab.startsWith(broker)),
          `on no ${broker}`,
        )
    if (onStores) assert.deepEqual([...stores].toSorted(), ['MariaDB', 'SQLite'])
  })
}
