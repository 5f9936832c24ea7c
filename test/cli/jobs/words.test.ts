import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { age, timeText } from '../../../src/cli/jobs/age.ts'
import { uriFirst, uriLast } from '../../../src/cli/jobs/broker-words.ts'
import { header } from '../../../src/cli/arguments/repeated-option.ts'
import { caret } from '../../../src/cli/jobs/failures/query-argument.ts'
import { queueOrder } from '../../../src/cli/jobs/worker/queue-order.ts'
import { besideFailures, showLocation, storeLocation } from '../../../src/cli/jobs/store-location.ts'
import { plainLine, textTable } from '../../../src/cli/terminal/text-table.ts'

describe('where the brokers are', () => {
  it('is the first word, or the last after a query, or what the environment says', () => {
    const environment = { UNDERSTUDY_URI: 'stomp://env:1' }
    assert.deepEqual(uriFirst(['amqp://a', 'images'], environment), { uri: 'amqp://a', rest: ['images'] })
    assert.deepEqual(uriFirst(['images'], environment), { uri: 'stomp://env:1', rest: ['images'] })
    assert.deepEqual(uriFirst(['order:17'], environment), { uri: 'stomp://env:1', rest: ['order:17'] })
    assert.deepEqual(uriFirst(['queue://images'], environment), { uri: 'stomp://env:1', rest: ['queue://images'] })
    assert.deepEqual(uriLast(['job:a', 'age<2h', 'failover:(stomp://a:1)'], environment), {
      uri: 'failover:(stomp://a:1)',
      rest: ['job:a', 'age<2h'],
    })
    assert.deepEqual(uriLast(['job:a'], environment), { uri: 'stomp://env:1', rest: ['job:a'] })
  })

  it('must be said somewhere, and a misspelt scheme is no queue', () => {
    assert.throws(() => uriFirst(['images'], {}), /UNDERSTUDY_URI/)
    assert.throws(() => uriLast([], { UNDERSTUDY_URI: '' }), /UNDERSTUDY_URI/)
    assert.equal(uriFirst(['ampq://a'], {}).uri, 'ampq://a')
  })
})

describe('--queues', () => {
  it('reads an order and shares', () => {
    assert.deepEqual(queueOrder('high, low'), ['high', 'low'])
    assert.deepEqual(queueOrder('high=5,low=1'), { high: 5, low: 1 })
  })

  it('refuses what is neither', () => {
    for (const text of ['', 'a,,b', 'a,a', 'a=1,b', 'a=0', 'a=x', 'a=1,a=2', '=1'])
      assert.throws(() => queueOrder(text), /Write high,low for an order/, text)
  })
})

describe('--header', () => {
  it('collects names and values, which may hold what divides them', () => {
    assert.deepEqual(header('b=1=2', header('a=', undefined)), { a: '', b: '1=2' })
    assert.throws(() => header('nothing', undefined), /name=value/)
    assert.throws(() => header('=x', undefined), /name=value/)
  })
})

describe('where a store is', () => {
  const read = storeLocation(['sqlite', 'mysql', 'none'])

  it('is a file, a database or nowhere', () => {
    assert.deepEqual(read('failures.db'), { kind: 'sqlite', path: 'failures.db' })
    assert.deepEqual(read('sqlite:/var/f.db'), { kind: 'sqlite', path: '/var/f.db' })
    assert.deepEqual(read('sqlite:///var/f.db'), { kind: 'sqlite', path: '/var/f.db' })
    assert.deepEqual(read('none'), { kind: 'none' })
    assert.deepEqual(read('mariadb://u:p@h/d'), { kind: 'mysql', uri: 'mysql://u:p@h/d' })
    assert.deepEqual(storeLocation(['redis'])('valkey://h'), { kind: 'redis', uri: 'redis://h' })
    assert.deepEqual(storeLocation(['redis'])('valkeys://h'), { kind: 'redis', uri: 'rediss://h' })
  })

  it('is refused without a word of its credentials when it is something else', () => {
    for (const text of ['', 'redis://u:geheim@h', 'postgres://u:geheim@h/d', 'mysql:geheim', 'reply', 'sqlite:'])
      assert.throws(
        () => read(text),
        (error: Error) => /Write a file such as failures\.db/.test(error.message) && !error.message.includes('geheim'),
        text,
      )
  })

  it('is shown without credentials', () => {
    assert.equal(showLocation(read('mysql://u:geheim@h:3307/d?x=geheim')), 'mysql://h:3307/d')
    assert.equal(showLocation(read('a/b.db')), 'a/b.db')
  })

  it('has its ledger beside it, in a file of its own', () => {
    assert.deepEqual(besideFailures(read('a/failures.db')), { kind: 'sqlite', path: 'a/failures-ledger.db' })
    assert.deepEqual(besideFailures(read('failures')), { kind: 'sqlite', path: 'failures-ledger' })
    assert.deepEqual(besideFailures(read('none')), { kind: 'none' })
  })
})

describe('a table', () => {
  it('keeps to its width, and shows what a terminal would obey as what it is', () => {
    const text = textTable(
      [{ title: 'N', align: 'right' }, { title: 'ERROR' }],
      [
        ['1', `a\n\u001b[31m${'long '.repeat(30)}`],
        ['22', 'short'],
      ],
      40,
    )
    const lines = text.trimEnd().split('\n')
    assert.deepEqual([lines[0], lines[2]], [' N  ERROR', '22  short'])
    assert.equal(lines.length, 3)
    assert.ok(lines.every((line) => line.length <= 40))
    assert.match(lines[1] ?? '', /^ 1  a \uFFFD\[31mlong .*…$/)
  })
})

describe('what others wrote', () => {
  it('takes the columns that a terminal gives it, and is not cut within a character', () => {
    const text = textTable(
      [{ title: 'JOB', most: 8 }, { title: 'ERROR' }],
      [
        ['日本語の仕事', 'x'],
        ['a', 'y'],
      ],
      80,
    )
    assert.deepEqual(text.split('\n'), ['JOB       ERROR', '日本語…   x', 'a         y', ''])
  })

  it('does not turn the direction of a line', () => {
    assert.equal(plainLine('see \u202egpj.exe\u2069'), 'see \uFFFDgpj.exe\uFFFD')
  })
})

describe('a query that cannot be read', () => {
  it('has its caret behind wide characters too', () => {
    assert.equal(caret('日本 (b', 4), '  日本 (b\n       ^\n')
  })

  it('is shown with a caret under the place', () => {
    assert.equal(caret('job:a (b', 7), '  job:a (b\n        ^\n')
    const [line, mark] = caret(`${'x'.repeat(200)}(`, 201).split('\n')
    assert.equal((line ?? '')[(mark ?? '').indexOf('^')], '(')
    assert.ok((line ?? '').length < 80)
  })
})

describe('times', () => {
  it('are shown in the largest unit that fits', () => {
    const now = 1_700_000_000_000
    assert.deepEqual(
      [0, 999, 59_000, 61_000, 7_200_000, 200_000_000, -5].map((ms) => age(now - ms, now)),
      ['0s', '0s', '59s', '1m', '2h', '2d', '0s'],
    )
    assert.equal(timeText(now), '2023-11-14 22:13:20Z')
    assert.equal(timeText(Number.NaN), 'unknown')
  })
})
