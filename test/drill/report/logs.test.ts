import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { logExcerpt } from '../../../src/drill/report/logs.ts'

const AT = Date.UTC(2026, 10, 21, 11, 56, 30)

function texts(log: string, fromMs = 0, untilMs = 10_000): readonly string[] {
  return logExcerpt(log, AT + fromMs, AT + untilMs).map(({ text }) => text)
}

describe('an excerpt of a log', () => {
  it('reads what RabbitMQ writes, to the millisecond and beyond', () => {
    const log = `2026-11-21 11:56:29.999999+00:00 [info] <0.1.0> before
2026-11-21 11:56:33.218938+00:00 [notice] <0.44.0> inside
2026-11-21 11:56:34.000000+00:00 [error] <0.223.0> loud
2026-11-21 13:56:35.500000+02:00 [info] <0.223.0> of another zone
2026-11-21 11:56:40.000001+00:00 [info] <0.223.0> after`
    const lines = logExcerpt(log, AT, AT + 10_000)
    assert.deepEqual(
      lines.map(({ wall, text, loud }) => [Math.round((wall - AT) * 1000) / 1000, text, loud]),
      [
        [3218.938, '[notice] <0.44.0> inside', false],
        [4000, '[error] <0.223.0> loud', true],
        [5500, '[info] <0.223.0> of another zone', false],
      ],
    )
  })

  it('reads what ActiveMQ writes, with the lines of a stack trace at their line', () => {
    const log = `Java Runtime: of no time
2026-11-21 11:56:31,120 | WARN  | Lock lost | locker
java.io.IOException: gone
\tat org.example.Broker
2026-11-21 11:56:32,000 | INFO  | Becoming the master | main`
    assert.deepEqual(texts(log), [
      'WARN  | Lock lost | locker\njava.io.IOException: gone\n\tat org.example.Broker',
      'INFO  | Becoming the master | main',
    ])
    assert.deepEqual(
      logExcerpt(log, AT, AT + 10_000).map(({ loud }) => loud),
      [true, false],
    )
  })

  it('reads what MariaDB writes, also an hour of one digit', () => {
    const log = `2026-11-21 11:56:33 0 [Note] InnoDB: starting
2026-11-21 11:56:34 0 [Warning] Aborted connection 7`
    assert.deepEqual(texts(log), ['0 [Note] InnoDB: starting', '0 [Warning] Aborted connection 7'])
    const morning = Date.UTC(2026, 10, 21, 9, 5, 3)
    assert.equal(logExcerpt('2026-11-21  9:05:03 0 [Note] early', morning, morning).length, 1)
  })

  it('reads the lines of JSON of an embedded broker', () => {
    const log = `{"at":${AT + 1000},"name":"a","event":"lock-acquired"}
{"at":${AT + 2000},"name":"a","event":"serving","port":61613}
{"at":${AT + 20_000},"name":"a","event":"later"}
{"no":"time"}
{broken`
    assert.deepEqual(texts(log), ['name=a lock-acquired', 'name=a serving port=61613'])
  })

  it('leaves out what has no time and what lies outside', () => {
    assert.deepEqual(texts('nothing\nof any time'), [])
    assert.deepEqual(texts('2026-13-41 99:99:99 no such time'), [])
    assert.deepEqual(texts(''), [])
  })

  it('is bounded: the last lines, and none longer than a person reads', () => {
    const line = (index: number): string =>
      `2026-11-21 11:56:3${index % 10}.000 [info] number ${index} ${'x'.repeat(2_000)}`
    const log = Array.from({ length: 1_000 }, (_, index) => line(index)).join('\n')
    const lines = logExcerpt(log, AT, AT + 60_000)
    assert.equal(lines.length, 400)
    assert.ok(lines.every(({ text }) => text.length <= 600))
    assert.match(lines.at(-1)?.text ?? '', /number 999/)
  })
})
