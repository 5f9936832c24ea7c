import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { prometheusProgram, prometheusSkip } from '../support/prometheus.ts'

const FOLDER = fileURLToPath(new URL('../../infra/prometheus/', import.meta.url))

interface Rule {
  readonly alert: string
  expr: string
}

const rulesOf = (text: string): { groups: { rules: Rule[] }[] } => parse(text) as { groups: { rules: Rule[] }[] }
const RULES = rulesOf(readFileSync(join(FOLDER, 'alerts.yml'), 'utf8'))
const NAMES = RULES.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))

async function promtool(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(prometheusProgram().promtool, [...args], { timeout: 60_000 })
  return stdout
}

interface RuleTests {
  readonly tests: readonly { readonly name: string }[]
}

const TESTS = parse(readFileSync(join(FOLDER, 'alerts.test.yml'), 'utf8')) as RuleTests

/** The tests of one alert beside rules that were changed. */
function folderWith(context: TestContext, rules: unknown, alert: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-rules-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'alerts.yml'), stringify(rules))
  const tests = TESTS.tests.filter(({ name }) => name.startsWith(`${alert} `))
  writeFileSync(join(folder, 'alerts.test.yml'), stringify({ ...TESTS, tests }))
  return join(folder, 'alerts.test.yml')
}

describe('the files for Prometheus', { skip: prometheusSkip() }, () => {
  it('are what promtool takes for a configuration and its rules', async () => {
    assert.match(await promtool('check', 'config', join(FOLDER, 'prometheus.yml')), /SUCCESS: 1 rule files found/)
    assert.match(await promtool('check', 'rules', join(FOLDER, 'alerts.yml')), /SUCCESS: \d+ rules found/)
  })

  it('fire each alert when they should, and not when they should not', async () => {
    await promtool('test', 'rules', join(FOLDER, 'alerts.test.yml'))
    // One of each at least, in the order of the alerts; further ones say when.
    const kinds = TESTS.tests.map(({ name }) => /^(\w+ (?:fires|is quiet))(?: (?:for|where) .+)?$/.exec(name)?.[1])
    assert.deepEqual(
      [...new Set(kinds)],
      NAMES.flatMap((name) => [`${name} fires`, `${name} is quiet`]),
    )
  })

  for (const name of NAMES) {
    it(`would notice a ${name} that never fires, and one that always does`, async (context) => {
      for (const expr of ['vector(1) > 1', 'sum by (instance, job, queue, worker, role) (up) >= 0 or vector(1)']) {
        const changed = structuredClone(RULES)
        for (const { rules } of changed.groups) for (const rule of rules) if (rule.alert === name) rule.expr = expr
        await assert.rejects(promtool('test', 'rules', folderWith(context, changed, name)), `${name} as ${expr}`)
      }
    })
  }
})
