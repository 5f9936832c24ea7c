import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Diagnosis } from '../../../src/drill/doctor/diagnosis.ts'
import { renderDiagnosis } from '../../../src/drill/doctor/doctor-text.ts'
import { type Finding, worstFirst } from '../../../src/drill/doctor/finding.ts'
import { textWidth } from '../../../src/text-width.ts'

const LONG = 'a sentence with a good many words in it, so that it has to be continued on another line of the terminal'

function finding(severity: Finding['severity'], code: string, area: Finding['area'] = 'client'): Finding {
  const isFine = severity === 'fine'
  return { severity, area, code, is: `It is ${LONG}.`, why: isFine ? null : LONG, advice: isFine ? null : LONG }
}

const DIAGNOSIS: Diagnosis = {
  schema: 1,
  target: {
    name: 'failover:(stomp://a:1,stomp://b:1)',
    endpoints: [
      {
        endpoint: 'stomp://a:1',
        answer: 'serving',
        error: null,
        greeting: { product: 'Evil\u001b[2J', version: '1', cluster: undefined, heartbeatMs: 0 },
      },
      { endpoint: 'stomp://b:1', answer: 'mute', error: LONG, greeting: null },
    ],
  },
  topology: 'lock',
  counts: { problem: 1, warning: 2, note: 0, fine: 1 },
  findings: worstFirst([
    finding('fine', 'all-well'),
    finding('warning', 'later', 'client'),
    finding('warning', 'sooner', 'brokers'),
    finding('problem', 'worst'),
  ]),
  settings: {},
  predictions: [
    { fault: 'kill', summary: LONG, missing: null, predicted: { lowerMs: 0, upperMs: 10_000, because: LONG } },
    { fault: 'pause', summary: LONG, missing: null, predicted: { lowerMs: 0, upperMs: null, because: LONG } },
    { fault: 'partition', summary: LONG, missing: 'the machine has no network namespaces', predicted: null },
    { fault: 'slow', summary: 'answers come late', missing: null, predicted: null },
  ],
}

describe('a diagnosis on a terminal', () => {
  const text = renderDiagnosis(DIAGNOSIS)

  it('stays within 80 columns, and folds what it can where there are fewer', () => {
    for (const width of [80, 40]) {
      const lines = renderDiagnosis(DIAGNOSIS, { width }).split('\n')
      assert.deepEqual(
        lines.filter((line) => textWidth(line) > Math.max(width, 60)),
        [],
      )
    }
  })

  it('tells the worst first, and within one severity what is nearest to the brokers', () => {
    const codes = [...text.matchAll(/^(?:PROBLEM|WARNING) {2}\w+: (\S+)/gm)].map(([, code]) => code)
    assert.deepEqual(codes, ['worst', 'sooner', 'later'])
    assert(text.indexOf('FINE') > text.indexOf('later'))
    assert.match(text, /^1 problem · 2 warnings · 1 fine$/m)
  })

  it('has for each fault how long no jobs flow, or why it is not told', () => {
    assert.match(text, /^ {2}kill +up to 10 s +a sentence/m)
    assert.match(text, /^ {2}pause +until healed +a sentence/m)
    assert.match(text, /^ {2}partition +not here +the machine has no/m)
    assert.match(text, /^ {2}slow +not told +answers come late/m)
  })

  it('writes out what a broker says of itself without letting it move the cursor, and colours only when asked', () => {
    assert.doesNotMatch(text, /\u001b/)
    assert.match(text, /Evil\\u\{1b\}\[2J 1, no heart-beat/)
    // oxlint-disable-next-line no-control-regex
    assert.match(renderDiagnosis(DIAGNOSIS, { colour: true }), /\u001b\[/)
  })
})
