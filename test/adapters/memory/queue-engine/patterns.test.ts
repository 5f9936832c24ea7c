import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isPattern, PatternMap } from '../../../../adapters/memory/queue-engine/patterns.ts'

function found(pattern: string, name: string): boolean {
  const map = new PatternMap<object>()
  map.set(pattern, {})
  return map.matching(name).length === 1
}

test('a star stands for one word, a hash for any number of them', () => {
  const cases: [string, string[], string[]][] = [
    ['a.b', ['a.b'], ['a', 'a.b.c', 'a.c']],
    ['a.*', ['a.b', 'a.'], ['a', 'a.b.c', 'b.b']],
    ['*', ['a', ''], ['a.b']],
    ['#', ['a', 'a.b.c', ''], []],
    ['a.#', ['a', 'a.b', 'a.b.c'], ['b', 'ab']],
    ['#.c', ['c', 'a.b.c'], ['c.d']],
    ['a.#.d.*', ['a.d.e', 'a.b.c.d.e'], ['a.d', 'a.b.c.d']],
    ['a*.b', ['a*.b'], ['ab.b']],
  ]
  for (const [pattern, yes, no] of cases) {
    for (const name of yes) assert.ok(found(pattern, name), `${pattern} stands for ${name}`)
    for (const name of no) assert.ok(!found(pattern, name), `${pattern} does not stand for ${name}`)
  }
})

test('a pattern has a word that is a star or a hash', () => {
  assert.deepEqual(['*', '#', 'a.*', '#.b', 'a.*.b'].map(isPattern), [true, true, true, true, true])
  assert.deepEqual(['a', 'a*', '#a.b', '**', 'a.b', ''].map(isPattern), [false, false, false, false, false, false])
})

test('patterns mean what the regular expression of the same meaning means', () => {
  const word = fc.constantFrom('a', 'b', 'c')
  const names = fc.array(word, { minLength: 1, maxLength: 6 })
  const patterns = fc.array(fc.oneof(word, fc.constantFrom('*', '#')), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(patterns, names, (pattern, name) => {
      const parts = pattern.map((one) => (one === '#' ? '(?:[abc]\\.)*' : one === '*' ? '[abc]\\.' : `${one}\\.`))
      const expected = new RegExp(`^${parts.join('')}$`).test(`${name.join('.')}.`)
      assert.equal(found(pattern.join('.'), name.join('.')), expected)
    }),
    { numRuns: 2_000 },
  )
})

test('a pattern of many hashes is looked up in no time', () => {
  assert.ok(!found(`${'#.'.repeat(60)}x`, `${'a.'.repeat(60)}b`))
})
