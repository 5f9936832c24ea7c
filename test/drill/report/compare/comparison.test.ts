import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderComparisonPage } from '../../../../src/drill/report/compare/compare-page.ts'
import { renderComparison } from '../../../../src/drill/report/compare/compare-text.ts'
import { type Comparison, compareResults, type Row } from '../../../../src/drill/report/compare/comparison.ts'
import { parseStored } from '../../../../src/drill/report/compare/stored-result.ts'
import { textWidth } from '../../../../src/text-width.ts'
import type { DrillResult } from '../../../../src/drill/result.ts'
import { HOSTILE, KILLED, LOSING, PAUSED, writeDrill } from '../written-drills.ts'
import { resultOf } from '../written-result.ts'

const A = resultOf(writeDrill(KILLED))
const LOST = resultOf(writeDrill(LOSING))
const HUNG = resultOf(writeDrill(PAUSED))

function row(comparison: Comparison, name: string): Row {
  const found = [comparison.verdict, ...comparison.measured, ...comparison.circumstances].find(
    (one) => one.name === name,
  )
  assert.ok(found, name)
  return found
}

function told({ standing, difference }: Row): readonly string[] {
  return [standing, difference]
}

describe('two drills compared', () => {
  it('are the same in everything when they are one run', () => {
    const comparison = compareResults(A, A)
    assert.ok([comparison.verdict, ...comparison.measured].every(({ standing }) => standing === 'same'))
    assert.deepEqual(comparison.circumstances, [])
    assert.match(comparison.summary, /^Both pass; B is about the same as A/)
    assert.deepEqual(comparison.cautions, ['Both are the same run.'])
  })

  it('differ in words, with how much, and the other way round when they change places', () => {
    const forth = compareResults(A, LOST)
    assert.match(
      forth.summary,
      /^B fails where A passes\. B is better in duplicates \(1 fewer\)\. B is worse in lost jobs \(3 more\), failed jobs \(\d+ more\), .* and \d more\.$/,
    )
    assert.deepEqual(told(row(forth, 'verdict')), ['worse', 'pass became fail'])
    assert.deepEqual(told(row(forth, 'lost jobs')), ['worse', '3 more'])
    assert.deepEqual(told(row(forth, 'duplicates')), ['better', '1 fewer'])
    assert.deepEqual(told(row(forth, 'failover time')), ['worse', '3.52 s longer'])
    const back = compareResults(LOST, A)
    assert.deepEqual(told(row(back, 'verdict')), ['better', 'fail became pass'])
    assert.deepEqual(told(row(back, 'lost jobs')), ['better', '3 fewer'])
    assert.deepEqual(told(row(back, 'failover time')), ['better', '3.52 s shorter'])
  })

  it('differ in an outage only when its bounds lie apart', () => {
    const outage = (lower: number, upper: number): DrillResult => ({
      ...A,
      outage: { ...A.outage, producerMs: { lower, upper } },
    })
    assert.deepEqual(told(row(compareResults(outage(200, 300), outage(290, 400)), 'producer outage')), [
      'same',
      'the bounds overlap',
    ])
    assert.deepEqual(told(row(compareResults(outage(200, 300), outage(500, 600)), 'producer outage')), [
      'worse',
      '200 ms longer at least',
    ])
  })

  it('do not differ by what is noise between two runs of one drill', () => {
    const close = { ...A, failoverMs: (A.failoverMs ?? 0) + 4, retryThresholdMs: (A.retryThresholdMs ?? 0) * 1.05 }
    const comparison = compareResults(A, close)
    assert.deepEqual(told(row(comparison, 'failover time')), ['same', 'about the same'])
    assert.deepEqual(told(row(comparison, 'retry threshold')), ['same', 'about the same'])
  })

  it('are not called better or worse where only one was observed', () => {
    const comparison = compareResults(A, HUNG)
    assert.deepEqual(told(row(comparison, 'failover time')), ['other', 'only one of them was observed'])
    assert.ok(comparison.cautions.includes('The faults differ: kill and pause.'))
    const unknown = compareResults(A, { ...A, jobs: { ...A.jobs, lost: null } })
    assert.deepEqual(told(row(unknown, 'lost jobs')), ['other', 'only one of them was observed'])
  })

  it('tell of every setting and version that differs, and of no other', () => {
    const other = {
      ...A,
      target: { ...A.target, settings: { 'lock poll': '500 ms', lease: 10 } },
      versions: { node: '26' },
    }
    const { circumstances } = compareResults(A, other)
    assert.deepEqual(
      circumstances.map(({ name, a, b }) => [name, a, b]),
      [
        ['setting lock poll', '200 ms', '500 ms'],
        ['setting lease', 'none', '10'],
        ['version understudy', '0.1.0', 'none'],
        ['version node', '24.21.0', '26'],
      ],
    )
  })
})

describe('a comparison in a terminal', () => {
  it('names each side, says better and worse by words and signs, and keeps to the width', () => {
    const text = renderComparison(compareResults(A, LOST), { a: 'one: kill', b: 'two: kill' }, { width: 80 })
    assert.match(text, /^A {2}one: kill$/m)
    assert.match(text, /^lost jobs +0 +3 +- worse: 3 more$/m)
    assert.match(text, /^duplicates +1 +0 +\+ better: 1 fewer$/m)
    assert.ok(text.split('\n').every((line) => textWidth(line) <= 80))
    assert.doesNotMatch(text, /\u001b/)
  })

  it('is coloured only when asked to be', () => {
    const coloured = renderComparison(compareResults(A, LOST), { a: 'a', b: 'b' }, { colour: true })
    assert.match(coloured, /\u001b\[31m/)
  })

  it('shows nothing that moves the cursor', () => {
    const hostile = resultOf(writeDrill(HOSTILE))
    const evil = { ...hostile, versions: { 'a\u001b[2J': 'b\u0007' }, command: '\u001b[31m' }
    const text = renderComparison(compareResults(A, evil), { a: 'a\u001b', b: 'b\n' })
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f]/)
  })
})

describe('a comparison as a page', () => {
  it('escapes whatever came from the runs and needs no script', () => {
    const evil = { ...A, command: '<script>alert(1)</script>', versions: { '<img src=x>': '"><svg onload=x>' } }
    const page = renderComparisonPage(compareResults(A, evil), { name: '<b>', result: A }, { name: 'b', result: evil })
    assert.doesNotMatch(page, /<script|<img|<svg onload|<b>/)
    assert.match(page, /default-src &#39;none&#39;/)
    assert.doesNotMatch(page, /script-src/)
  })
})

describe('a stored result', () => {
  it('is read back as it was written', () => {
    assert.deepEqual(parseStored(JSON.stringify(A)), { kind: 'drill', result: A })
  })

  it('is read as version 0.1 wrote it', () => {
    const { signs, predicted, ...old } = A
    assert.ok(signs && predicted === null)
    const stored = parseStored(JSON.stringify({ ...old, outage: { producerMs: null, consumerMs: null } }))
    assert.ok(stored.kind === 'drill')
    assert.equal(compareResults(stored.result, A).verdict.standing, 'same')
  })

  it('is refused with what is wrong of it', () => {
    const wrongOf = (json: string): string => {
      const stored = parseStored(json)
      return stored.kind === 'wrong' ? stored.wrong : 'nothing'
    }
    assert.equal(wrongOf('{'), 'is not JSON')
    assert.equal(wrongOf('[]'), 'is not the result of a drill')
    assert.equal(wrongOf('{"name":"x"}'), 'is not the result of a drill')
    assert.equal(wrongOf(JSON.stringify({ ...A, schema: 2 })), 'is not of schema 1, the one that this version reads')
    assert.equal(wrongOf(JSON.stringify({ ...A, jobs: { ...A.jobs, lost: 'many' } })), 'has no proper field jobs')
    assert.match(wrongOf('{"schema":1,"kind":"threshold"}'), /^is a search for the retry threshold, /)
    assert.equal(
      wrongOf(JSON.stringify({ ...A, failoverParts: [{ name: 'lock' }] })),
      'has no proper field failoverParts',
    )
  })
})
