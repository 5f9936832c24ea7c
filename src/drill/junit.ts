import { escapeXml } from '../escape-xml.ts'
import type { DrillResult } from './result.ts'

/** One testcase of a `junit.xml`. */
export interface JUnitCase {
  readonly name: string
  /**
   * `failure` where a claim about the brokers was broken; `error` where the harness broke, or could not tell: that is
   * a gap in its knowledge and nobody's broken claim; `skipped` where the machine lacks what the drill needs.
   */
  readonly outcome: 'passed' | 'failure' | 'error' | 'skipped'
  /** One line: what was measured, or why it did not pass. */
  readonly message: string
}

/** One drill's run. */
export interface JUnitSuite {
  readonly name: string
  /** Groups the testcases, such as `activemq-jdbc.kill`. */
  readonly className: string
  /** ISO 8601; null when it is not known. */
  readonly timestamp: string | null
  readonly seconds: number
  readonly cases: readonly JUnitCase[]
}

/** A testcase for each objective, and one for whether the drill could tell at all. */
export function junitCases(result: Pick<DrillResult, 'verdict' | 'reasons' | 'objectives'>): readonly JUnitCase[] {
  const { verdict, reasons, objectives } = result
  const told: JUnitCase =
    verdict === 'unknown'
      ? { name: 'the drill can tell', outcome: 'error', message: reasons.join(' ') }
      : { name: 'the drill can tell', outcome: 'passed', message: verdict }
  return [
    told,
    ...objectives.map(({ name, target, actual, met }): JUnitCase => {
      const outcome = met === null ? 'error' : met ? 'passed' : 'failure'
      return { name: [name, target].filter(Boolean).join(' '), outcome, message: `actual: ${actual}` }
    }),
  ]
}

/** The one testcase of a run that came to no verdict. */
export function junitWithoutVerdict(outcome: 'error' | 'skipped', message: string): readonly JUnitCase[] {
  return [{ name: 'the drill can tell', outcome, message }]
}

/** The text of a `junit.xml` over all of them. */
export function renderJUnit(name: string, suites: readonly JUnitSuite[]): string {
  const seconds = suites.reduce((sum, suite) => sum + suite.seconds, 0)
  const all = suites.flatMap((suite) => suite.cases)
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${escapeXml(name)}" ${countsOf(all)} time="${seconds.toFixed(3)}">
${suites.map(suiteText).join('')}</testsuites>
`
}

function suiteText({ name, className, timestamp, seconds, cases }: JUnitSuite): string {
  const when = timestamp === null ? '' : ` timestamp="${escapeXml(timestamp.replace(/\.\d+Z?$|Z$/, ''))}"`
  const body = cases.map((one) => caseText(one, className)).join('')
  return `  <testsuite name="${escapeXml(name)}" ${countsOf(cases)} time="${seconds.toFixed(3)}"${when}>\n${body}  </testsuite>\n`
}

function caseText({ name, outcome, message }: JUnitCase, className: string): string {
  const text = escapeXml(message)
  const inner =
    outcome === 'passed'
      ? `<system-out>${text}</system-out>`
      : outcome === 'skipped'
        ? `<skipped message="${text}"/>`
        : `<${outcome} message="${text}" type="${outcome === 'failure' ? 'objective' : 'unknown'}">${text}</${outcome}>`
  return `    <testcase classname="${escapeXml(className)}" name="${escapeXml(name)}" time="0">${inner}</testcase>\n`
}

function countsOf(cases: readonly JUnitCase[]): string {
  const of = (outcome: JUnitCase['outcome']): number => cases.filter((one) => one.outcome === outcome).length
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`
}
