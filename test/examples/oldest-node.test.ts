import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))

test('the examples use no word that the oldest Node of the package does not know', () => {
  const scripts = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  assert.ok(scripts.length > 5)
  // Types are stripped, and nothing is compiled: `using` came with Node 24.
  const modern = scripts.filter((name) =>
    /^\s*(?:await\s+)?using\s+\w+\s*=/m.test(readFileSync(join(EXAMPLES, name), 'utf8')),
  )
  assert.deepEqual(modern, [])
})
