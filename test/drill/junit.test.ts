import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { junitCases, junitWithoutVerdict, renderJUnit } from '../../src/drill/junit.ts'
import { parseXml } from '../support/xml.ts'

const OBJECTIVES = [
  { name: 'takeover', target: '', actual: 'b after 213 ms', met: true },
  { name: 'RTO', target: '5 s', actual: '9.2 s', met: false },
  { name: 'RPO', target: '0', actual: 'unknown', met: null },
]

function render(message: string, className = 'embedded.kill'): string {
  return renderJUnit('a suite', [
    {
      name: 'kill',
      className,
      timestamp: '2026-03-01T10:15:00.123Z',
      seconds: 12.3456,
      cases: junitWithoutVerdict('error', message),
    },
  ])
}

describe('junit.xml', () => {
  it('has a testcase for each objective: failure where it was violated, error where nobody can tell', () => {
    const cases = junitCases({ verdict: 'fail', reasons: ['The recovery took 9.2 s.'], objectives: OBJECTIVES })
    assert.deepEqual(
      cases.map(({ name, outcome }) => [name, outcome]),
      [
        ['the drill can tell', 'passed'],
        ['takeover', 'passed'],
        ['RTO 5 s', 'failure'],
        ['RPO 0', 'error'],
      ],
    )
    assert.equal(cases[2]?.message, 'actual: 9.2 s')
  })

  it('counts a verdict of unknown as an error, with its reasons', () => {
    const [first] = junitCases({ verdict: 'unknown', reasons: ['No fault was injected.', 'Nothing.'], objectives: [] })
    assert.deepEqual(first, {
      name: 'the drill can tell',
      outcome: 'error',
      message: 'No fault was injected. Nothing.',
    })
  })

  it('says what was skipped as skipped', () => {
    const text = renderJUnit('a suite', [
      {
        name: 'x',
        className: 'x',
        timestamp: null,
        seconds: 0,
        cases: junitWithoutVerdict('skipped', 'no namespaces'),
      },
    ])
    assert.match(text, /<skipped message="no namespaces"\/>/)
    assert.match(text, /<testsuite name="x" tests="1" failures="0" errors="0" skipped="1"/)
  })

  it('gives back whatever stands in a message, but what XML cannot hold', () => {
    const message = `a < b & "c" > 'd' ]]> <!-- é 漢 😀\n\ttab`
    const [suites] = parseXml(render(message, 'a"<&').replace(/^<\?xml.*\n/, ''))
    const testcase = suites?.children[0]?.children[0]
    assert.equal(testcase?.attributes['classname'], 'a"<&')
    assert.equal(testcase?.children[0]?.name, 'error')
    assert.equal(testcase?.children[0]?.attributes['message'], message)
    const [harmless] = parseXml(render('bell \u0007 and half \ud800').replace(/^<\?xml.*\n/, ''))
    const error = harmless?.children[0]?.children[0]?.children[0]
    assert.equal(error?.attributes['message'], 'bell \ufffd and half \ufffd')
  })

  it('is well-formed for a parser of somebody else', { skip: pythonSkip() }, () => {
    const text = render('a < b & "c" \u0007 é 😀')
    const count = execFileSync(
      'python3',
      [
        '-c',
        'import sys,xml.etree.ElementTree as e;print(len(e.fromstring(sys.stdin.buffer.read()).findall(".//error")))',
      ],
      { input: text, encoding: 'utf8' },
    )
    assert.equal(count.trim(), '1')
  })
})

function pythonSkip(): string | false {
  try {
    execFileSync('python3', ['--version'])
    return false
  } catch {
    return 'python3 is not installed'
  }
}
