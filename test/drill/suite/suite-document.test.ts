import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readSuiteDocument } from '../../../src/drill/suite/suite-document.ts'

const KEYS = ['lab', 'fault', 'hold']

function read(text: string): ReturnType<typeof readSuiteDocument> {
  return readSuiteDocument(text, 'plan.yaml', KEYS)
}

describe('a plan of several drills', () => {
  it('puts the defaults under each drill, whose own keys win', () => {
    const { drills, parallel } = read(`
defaults:
  lab: rabbitmq-quorum
  hold: 8s
  repeat: 2
drills:
  - name: quick
    hold: 1s
  - fault: pause
    repeat: 1
`)
    assert.equal(parallel, 1)
    assert.deepEqual(
      drills.map(({ name, repeat, entries }) => [
        name,
        repeat,
        entries.map(({ key, value }) => `${key}: ${String(value)}`),
      ]),
      [
        ['quick', 2, ['lab: rabbitmq-quorum', 'hold: 1s']],
        [undefined, 1, ['lab: rabbitmq-quorum', 'hold: 8s', 'fault: pause']],
      ],
    )
  })

  it('is refused in one line where its aliases stand for millions of values, or it is several documents', () => {
    const ten = (name: string): string => `[${Array.from({ length: 10 }, () => name).join()}]`
    const bomb = `defaults:\n  lab: [&a ${ten('1')}, &b ${ten('*a')}, &c ${ten('*b')}, ${ten('*c')}]\ndrills: [{}]\n`
    assert.throws(() => read(bomb), {
      code: 'invalid-option',
      message: /^plan\.yaml line 2: its aliases stand for too/,
    })
    assert.throws(() => read('drills: [{}]\n---\ndrills: [{}]\n'), {
      code: 'invalid-option',
      message: /^plan\.yaml line 2: a plan is one document$/,
    })
  })

  it('knows the line of each key, that of a default included', () => {
    const { drills } = read('defaults:\n  lab: embedded\ndrills:\n  - fault: kill\n\n    hold: 1s\n')
    assert.deepEqual(
      drills[0]?.entries.map(({ key, line }) => [key, line]),
      [
        ['lab', 2],
        ['fault', 4],
        ['hold', 6],
      ],
    )
  })

  it('takes a drill with nothing in it for all defaults', () => {
    assert.deepEqual(read('defaults:\ndrills:\n  -\n').drills[0]?.entries, [])
  })

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['an unknown key of the plan', 'drils: []', /^plan\.yaml line 1: unknown key "drils"; did you mean drills\?$/],
    [
      'an unknown key of a drill',
      'drills:\n  - lab: a\n    falt: kill',
      /line 3: unknown key "falt"; did you mean fault\?/,
    ],
    ['an unknown default', 'defaults: {holt: 1s}\ndrills: [{}]', /line 1: unknown key "holt"; did you mean hold\?/],
    ['a name among the defaults', 'defaults: {name: x}\ndrills: [{}]', /line 1: unknown key "name"/],
    ['a key given twice', 'drills:\n  - lab: a\n    lab: b', /line 3: .*unique/],
    ['no drills', 'parallel: 2', /line 1: the plan has no drills/],
    ['an empty list', 'parallel: 1\ndrills: []', /line 2: drills: .*at least one/],
    ['a drill that is a text', 'drills:\n  - kill', /line 2: a drill: it must be a map/],
    ['a repeat of nought', 'drills:\n  - repeat: 0', /line 2: repeat: .*from 1 to/],
    ['a parallel that is a text', 'parallel: two\ndrills: [{}]', /line 1: parallel: .*from 1 to/],
    ['what is no YAML', 'drills:\n  - a: [\n', /line \d: /],
    ['a text', 'kill everything', /line 1: a plan is a map/],
    ['nothing', '', /line 1: a plan is a map/],
    ['an unknown alias', 'drills:\n  - *nobody', /line 2: /],
    ['an unknown tag', 'drills:\n  - lab: !env HOME', /line 2: /],
  ]
  for (const [what, text, names] of wrong) {
    it(`refuses ${what} in one line that names the place`, () => {
      assert.throws(
        () => read(text),
        (error: Error) => {
          assert.match(error.message, names)
          assert.doesNotMatch(error.message, /\n/)
          return true
        },
      )
    })
  }
})
