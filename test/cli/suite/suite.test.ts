import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { DrillResult } from '../../../src/drill/result.ts'
import type { SuiteResult } from '../../../src/drill/suite/suite-result.ts'
import { runCommand, startCommand } from '../../support/command.ts'
import { labRootFor } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { parseXml } from '../../support/xml.ts'

function planFor(context: TestContext, text: string): { readonly plan: string; readonly out: string } {
  const folder = temporaryFolder('suite', context)
  const plan = join(folder, 'plan.yaml')
  writeFileSync(plan, text)
  return { plan, out: join(folder, 'out') }
}

// Each has labs of its own, and mostly waits.
describe('a suite of drills', { concurrency: 2 }, () => {
  it('keeps one lab for drills in a row, and leaves a folder for each run and one result', async (context) => {
    const { plan, out } = planFor(
      context,
      `
defaults: {window: 500ms}
drills:
  - name: a kill
    seed: 11
    repeat: 2
  - fault: pause
    hold: 2s
    rto: 100ms
`,
    )
    const { exitCode, stdout, stderr } = await runCommand(['drill', plan, '--json', '--out', out], labRootFor(context))
    assert.equal(exitCode, 1, stderr)
    const result = JSON.parse(stdout) as SuiteResult
    assert.deepEqual(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')), result)
    assert.equal(result.verdict, 'fail')
    assert.deepEqual(
      result.drills.map(({ name, state, counts }) => [name, state, counts.pass, counts.fail]),
      [
        ['a kill', 'pass', 2, 0],
        ['embedded pause', 'fail', 0, 1],
      ],
    )
    const [kills, pause] = result.drills
    assert.deepEqual(
      kills?.runs.map(({ seed, takenOverBy }) => [seed, takenOverBy]),
      [
        [11, 'b'],
        [12, 'a'],
      ],
    )
    assert.match(pause?.runs[0]?.reasons.join() ?? '', /the RTO is 100 ms/)
    for (const run of result.drills.flatMap((drill) => drill.runs)) {
      const own = JSON.parse(readFileSync(join(out, run.folder ?? '', 'result.json'), 'utf8')) as DrillResult
      assert.equal(own.verdict, run.state)
      assert.equal(own.jobs.unexpected, 0)
      for (const name of ['events.jsonl', 'report.html', 'junit.xml'])
        assert(existsSync(join(out, run.folder ?? '', name)), name)
    }
    assert.equal(stderr.match(/lab embedded: broker a serves/g)?.length, 1)
    const page = readFileSync(join(out, 'report.html'), 'utf8')
    for (const run of result.drills.flatMap((drill) => drill.runs))
      assert(page.includes(`href="${run.folder ?? ''}/report.html"`), run.folder ?? 'a run without a folder')
    const [suites] = parseXml(readFileSync(join(out, 'junit.xml'), 'utf8').replace(/^<\?xml.*\n/, ''))
    assert.equal(suites?.children.length, 3)
    assert.equal(suites?.attributes['failures'], '1')
  })

  it('refuses a mistake in its plan before anything is started, with the line of it', async (context) => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['drills:\n  - lab: embedded\n    fualt: kill\n', /plan\.yaml line 3: unknown key "fualt"; did you mean fault\?/],
      ['drills:\n  - every: 5\n', /line 2: every: 5: Write a number with its unit/],
      ['defaults: {lab: nope}\ndrills: [{}]\n', /line 1: there is no lab "nope"/],
      ['drills:\n  - lab: embedded\n    fault: boom\n', /line 3: .*embedded has no fault "boom"; it has kill/],
      ['drills:\n  - clientOptions: {maxReconectDelay: 5}\n', /line 2: clientOptions: .*maxReconnectDelay/],
      ['drills:\n  - exactlyOnce: 1\n', /line 2: exactlyOnce: it must be true or false/],
      ['drills:\n  - lab:\n', /line 2: lab: it has no value/],
    ]
    for (const [text, names] of wrong) {
      const { plan, out } = planFor(context, text)
      const { exitCode, stdout, stderr } = await runCommand(['drill', plan, '--out', out])
      assert.equal(exitCode, 64, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, names)
      assert.equal(stderr.trim().split('\n').length, 1)
      assert(!existsSync(out))
    }
  })

  it('runs several labs at a time, and prints a table', async (context) => {
    const { plan, out } = planFor(context, 'parallel: 2\ndefaults: {window: 500ms}\ndrills:\n  - repeat: 2\n')
    const { exitCode, stdout, stderr } = await runCommand(['drill', plan, '--out', out], labRootFor(context))
    assert.equal(stderr.match(/lab embedded: broker a serves/g)?.length, 2)
    const { verdict } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as SuiteResult
    assert.equal(exitCode, { pass: 0, fail: 1, unknown: 2 }[verdict], stdout)
    assert(stdout.startsWith(`${verdict.toUpperCase()} · `), stdout)
    assert.match(stdout, /^[A-Z]+ · 1 drill, 2 runs: /)
    assert.match(stdout, /^embedded kill +2 /m)
    assert.match(stdout, /takeover in 2 of 2 · 0 lost, 0 failed/)
  })

  it('heals on Ctrl-C, takes its labs down, and keeps what it has', async (context) => {
    const { plan, out } = planFor(
      context,
      'defaults: {window: 500ms}\ndrills:\n  - {}\n  - {fault: pause, hold: 1h}\n  - {}\n',
    )
    const { child, saw, ended } = startCommand(['drill', plan, '--out', out], labRootFor(context))
    await saw('[2/3] embedded pause: b was paused')
    child.kill('SIGINT')
    const { exitCode, stderr } = await ended
    assert.equal(exitCode, 130, stderr)
    assert.match(stderr, /understudy: interrupted; the brokers were healed and taken down\n$/)
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as SuiteResult
    assert.equal(result.verdict, 'unknown')
    assert.deepEqual(
      result.drills.map(({ runs }) => runs.map((run) => run.state)),
      [['pass'], ['interrupted'], []],
    )
  })
})
