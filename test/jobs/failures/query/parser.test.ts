import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../../src/errors.ts'
import type { FailureQuery, QueryField } from '../../../../src/jobs/failures/query/query.ts'
import { parseQuery } from '../../../../src/jobs/failures/query/parser.ts'

const text = (word: string): FailureQuery => ({ kind: 'text', text: word })
const field = (name: QueryField, value: string): FailureQuery => ({ kind: 'field', field: name, text: value })
const not = (of: FailureQuery): FailureQuery => ({ kind: 'not', of })
const and = (...of: FailureQuery[]): FailureQuery => ({ kind: 'and', of })
const or = (...of: FailureQuery[]): FailureQuery => ({ kind: 'or', of })

function refusal(query: string): string {
  try {
    parseQuery(query)
  } catch (error) {
    assert.ok(error instanceof UnderstudyError)
    assert.equal(error.code, 'invalid-option')
    assert.ok(!error.message.includes('\n'))
    return error.message
  }
  return assert.fail(`${query} was read`)
}

describe('the query language', () => {
  it('means all where nothing is asked, and where a star stands alone', () => {
    for (const query of ['', ' \t\n', '*', '(*)']) assert.deepEqual(parseQuery(query), { kind: 'all' })
  })

  it('reads fields, comparisons, exclusions, words and phrases that stand side by side as all of them', () => {
    const query = 'error:"ECONNREFUSED" job:image.* age<2h status:failed -queue:low attempts>=3 "a phrase" word'
    assert.deepEqual(
      parseQuery(query),
      and(
        field('error', 'ECONNREFUSED'),
        field('job', 'image.*'),
        { kind: 'compare', field: 'age', comparison: '<', value: 7_200_000 },
        field('status', 'failed'),
        not(field('queue', 'low')),
        { kind: 'compare', field: 'attempts', comparison: '>=', value: 3 },
        text('a phrase'),
        text('word'),
      ),
    )
  })

  it('binds exclusions closer than AND, and AND closer than OR', () => {
    assert.deepEqual(parseQuery('a b OR NOT c AND d'), or(and(text('a'), text('b')), and(not(text('c')), text('d'))))
    assert.deepEqual(parseQuery('a -(b OR c)'), and(text('a'), not(or(text('b'), text('c')))))
    assert.deepEqual(parseQuery('NOT(a OR b)'), not(or(text('a'), text('b'))))
    assert.deepEqual(parseQuery('--a'), not(not(text('a'))))
    assert.deepEqual(parseQuery('((a OR b) OR c)'), or(or(text('a'), text('b')), text('c')))
  })

  it('takes a quote behind a backslash as a quote, and any other backslash but a doubled one as itself', () => {
    assert.deepEqual(
      parseQuery(String.raw`error:"say \"no\" to C:\temp \\ more"`),
      field('error', 'say "no" to C:\\temp \\ more'),
    )
    assert.deepEqual(parseQuery('"AND"'), text('AND'))
    assert.deepEqual(parseQuery('"a:b <c> (d)"'), text('a:b <c> (d)'))
  })

  it('takes colons and comparisons within a value as they are', () => {
    assert.deepEqual(parseQuery('worker:host:12:1'), field('worker', 'host:12:1'))
    assert.deepEqual(parseQuery('broker:amqp://a:5672'), field('broker', 'amqp://a:5672'))
    assert.deepEqual(parseQuery('code:""'), field('code', ''))
    assert.deepEqual(parseQuery('a-b'), text('a-b'))
  })

  it('reads every unit of an age', () => {
    const ages = { '5ms': 5, '1s': 1_000, '15m': 900_000, '2h': 7_200_000, '1.5d': 129_600_000, '1w': 604_800_000 }
    for (const [age, value] of Object.entries(ages))
      assert.deepEqual(parseQuery(`age>=${age}`), { kind: 'compare', field: 'age', comparison: '>=', value })
  })

  it('says the column, what is there, what should be, and the nearest known name', () => {
    const cases: Readonly<Record<string, RegExp>> = {
      'a jobb:x': /column 3: found the unknown field "jobb", expected a field such as job, or quotes/,
      'http://x': /column 1: found the unknown field "http"/,
      'status:faild': /column 8: found the status "faild", expected one of failed, .*; nearest is failed/,
      'reason:time*': /column 8: found the reason "time\*".*nearest is timeout/,
      'age:2h': /column 4: found ":", expected one of < <= > >= behind age/,
      'age<2': /column 5: found "2", expected a duration such as 90s/,
      'age<2y': /column 5: found "2y"/,
      'attempts>=x': /column 11: found "x", expected a whole number/,
      'attempts:-1': /column 10: found "-1", expected a whole number/,
      'job<3': /column 4: found "<", expected ":" behind job; only age, attempts, requeues are compared/,
      'a (b': /column 5: found the end, expected a \) for the \( at column 3/,
      'a b)': /column 4: found a \) too many/,
      '()': /column 2: found a \), expected a word/,
      'a OR': /column 5: found the end, expected a word, a phrase or a field/,
      'OR a': /column 1: found "OR", expected a word/,
      'a AND OR b': /column 7: found "OR"/,
      'a or b': /column 3: found "or", expected OR in capitals, or "or" in quotes for the word/,
      '- a': /column 1: found a - alone/,
      'a "b': /column 3: found a quote that is not closed/,
      'a"b"': /column 2: found "\\"", expected a space before it/,
      '"a"b': /column 4: found "b", expected a space behind the closing quote/,
      'f(x)': /column 2: found "\(", expected a space before it, or all of it in quotes/,
      'job:': /column 5: found the end, expected a value right behind "job:"/,
      'job: x': /column 5: found " ", expected a value/,
      ':x': /column 1: found ":", expected the name of a field/,
      '""': /column 1: found empty quotes/,
      'error:""': /column 7: found empty quotes/,
    }
    for (const [query, expected] of Object.entries(cases)) assert.match(refusal(query), expected)
  })

  it('is bounded in length, depth and terms', () => {
    assert.match(refusal('a'.repeat(4_001)), /column 4001: found a query of 4001 characters, expected 4000 at most/)
    assert.equal(parseQuery('a'.repeat(4_000)).kind, 'text')
    assert.deepEqual(parseQuery(`${'('.repeat(50)}a${')'.repeat(50)}`), text('a'))
    assert.match(refusal(`${'('.repeat(51)}a${')'.repeat(51)}`), /column 51: found a depth of 51/)
    assert.match(refusal(`${'-'.repeat(51)}a`), /depth of 51/)
    assert.match(refusal('a '.repeat(201)), /201 terms|200 at most/)
    assert.equal(parseQuery('a '.repeat(200)).kind, 'and')
  })
})
