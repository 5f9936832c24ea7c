import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { DrillOptions } from '../../../src/cli/drill/options.ts'
import type { DrillLab } from '../../../src/cli/drill/run.ts'
import type { DrillTargets } from '../../../src/cli/drill/target.ts'
import { Exit } from '../../../src/cli/exit-code.ts'
import { drillSuite } from '../../../src/cli/suite/command.ts'
import type { PlannedDrill } from '../../../src/cli/suite/plan.ts'
import { type FinishedRun, runSuite } from '../../../src/cli/suite/run.ts'
import { abortReason } from '../../../src/clock.ts'
import type { Fault } from '../../../src/drill/fault.ts'
import type { SuiteResult } from '../../../src/drill/suite/suite-result.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const OPTIONS: DrillOptions = {
  to: 'queue://understudy.drill',
  every: 50,
  steady: 1000,
  window: 1000,
  rpo: 0,
  allowFailed: 0,
}

const PARTITION: Fault = {
  name: 'partition',
  summary: 'the leader is cut off',
  expects: 'takeover',
  heals: 'after-hold',
  predicted: { lowerMs: 5000, upperMs: 12_000, because: 'of the failure detector' },
  missing: () => Promise.resolve('the machine has no network namespaces'),
  aim: () => assert.fail('nothing may be aimed at'),
}

/** A lab that is up, and on which nothing can be done. */
function fakeLab(name: string, log: string[]): DrillLab {
  const no = (): never => assert.fail('nothing may be hurt')
  return {
    id: `${name}-1`,
    lab: name,
    nodes: [],
    faults: [PARTITION],
    credentials: undefined,
    slowestPeriodMs: 0,
    slowestTakeoverMs: 0,
    settings: {},
    files: [],
    active: no,
    state: no,
    kill: no,
    stop: no,
    pause: no,
    resume: no,
    start: no,
    watch: no,
    collect: no,
    down: () => {
      log.push(`${name} down`)
      return Promise.resolve()
    },
  }
}

function targetsOf(log: string[], err: (text: string) => void, overrides: Partial<DrillTargets> = {}): DrillTargets {
  return {
    terminal: { out: () => undefined, err, interactive: false, interrupted: new AbortController().signal },
    upLab: (name) => {
      log.push(`${name} up`)
      return Promise.resolve(fakeLab(name, log))
    },
    faultNames: () => ['partition'],
    missing: () => undefined,
    transport: () => assert.fail('nothing may be dialled'),
    networkFaults: [],
    throughProxies: () => assert.fail('no proxy is needed'),
    ...overrides,
  }
}

async function run(
  drills: readonly PlannedDrill[],
  overrides: Partial<DrillTargets> = {},
): Promise<{ log: readonly string[]; finished: readonly FinishedRun[]; said: string }> {
  const log: string[] = []
  const finished: FinishedRun[] = []
  let said = ''
  const targets = targetsOf(log, (text) => void (said += text), overrides)
  await runSuite({
    plan: { parallel: 1, drills },
    targets,
    out: temporaryFolder('suite-run'),
    versions: {},
    understudy: 'understudy',
    onRun: (end) => finished.push(end),
  })
  return { log, finished, said }
}

function planned(lab: string, repeat = 1): PlannedDrill {
  return { name: `${lab} partition`, lab, repeat, options: { ...OPTIONS, lab, fault: 'partition', seed: 7 } }
}

describe('the runs of a suite', () => {
  it('that the machine cannot do are skipped with the reason, and never passed', async () => {
    const { finished, said } = await run([planned('quorum')])
    const [only] = finished
    assert.equal(only?.outcome.state, 'skipped')
    assert.deepEqual(only?.outcome.reasons, ['the machine has no network namespaces'])
    assert.equal(only?.predicted?.upperMs, 12_000)
    assert.match(said, /\[1\/1\] quorum partition: SKIPPED · the machine has no network namespaces\n/)
  })

  it('of a lab that cannot run here are skipped without putting it up', async () => {
    const { log, finished } = await run([planned('jdbc', 2)], { missing: () => 'no Java' })
    assert.deepEqual(log, [])
    assert.deepEqual(
      finished.map(({ outcome }) => `${outcome.state}: ${outcome.reasons.join()}`),
      ['skipped: no Java', 'skipped: no Java'],
    )
  })

  it('share a lab in a row, and each lab is taken down', async () => {
    const { log, finished } = await run([planned('one', 3), planned('one'), planned('two'), planned('one')])
    assert.deepEqual(log, ['one up', 'one down', 'two up', 'two down', 'one up', 'one down'])
    assert.equal(finished.length, 6)
    assert.deepEqual(
      finished.slice(0, 3).map(({ outcome }) => outcome.seed),
      [7, 8, 9],
    )
  })

  it('that wait for another lab to come up as the user interrupts say that the brokers were healed', async () => {
    const interrupt = new AbortController()
    const finished: FinishedRun[] = []
    const targets = targetsOf([], () => undefined, {
      terminal: { out: () => undefined, err: () => undefined, interactive: false, interrupted: interrupt.signal },
      upLab: (_, signal) => {
        interrupt.abort()
        return Promise.reject(abortReason(signal))
      },
    })
    await runSuite({
      plan: { parallel: 2, drills: [planned('one'), planned('two')] },
      targets,
      out: temporaryFolder('suite-run'),
      versions: {},
      understudy: 'understudy',
      onRun: (end) => finished.push(end),
    })
    const said = 'interrupted; the brokers were healed and taken down'
    assert.deepEqual(
      finished.map(({ outcome }) => `${outcome.state}: ${outcome.reasons.join()}`),
      [`interrupted: ${said}`, `interrupted: ${said}`],
    )
  })

  it('go on when a lab cannot be taken down, which is told', async () => {
    const stuck = { ...fakeLab('one', []), down: () => Promise.reject(new Error('pid 1 does not end')) }
    const { finished, said } = await run([planned('one'), planned('two')], {
      upLab: (name) => Promise.resolve(name === 'one' ? stuck : fakeLab(name, [])),
    })
    assert.equal(finished.length, 2)
    assert.match(said, /lab one-1 could not be taken down: pid 1 does not end\n/)
  })

  it('on brokers that did not come up say why, and the others go on', async () => {
    const { finished } = await run([planned('bad'), planned('bad')], {
      upLab: () => Promise.reject(new Error('out of memory')),
    })
    assert.deepEqual(
      finished.map(({ outcome }) => `${outcome.state}: ${outcome.reasons.join()}`),
      ['broken: out of memory', 'broken: out of memory'],
    )
    const refused = await run([planned('bad')], {
      upLab: () => Promise.reject(new UnderstudyError('unsupported', 'broker a did not start')),
    })
    assert.equal(refused.finished[0]?.outcome.state, 'unknown')
  })
})

describe('an interrupted suite', () => {
  /** What it says at its end, when the user interrupts it in a run that then fails like this. */
  async function saidAtTheEnd(
    context: TestContext,
    failure: Error,
    lab: Partial<DrillLab> = {},
  ): Promise<{ readonly line: string; readonly states: readonly string[] }> {
    const folder = temporaryFolder('interrupted-suite', context)
    const plan = join(folder, 'plan.yaml')
    writeFileSync(plan, 'drills: [{lab: quorum, fault: partition, repeat: 2}]\n')
    const interrupt = new AbortController()
    const fails: Fault = {
      ...PARTITION,
      missing: () => {
        interrupt.abort()
        return Promise.reject(failure)
      },
    }
    const targets = targetsOf([], () => undefined, {
      upLab: (name) => Promise.resolve({ ...fakeLab(name, []), faults: [fails], ...lab }),
    })
    const terminal = { ...targets.terminal, interrupted: interrupt.signal }
    const out = join(folder, 'out')
    const rest = { versions: {}, understudy: 'understudy', width: 80 }
    const end = await drillSuite(plan, { out }, { ...targets, ...rest, terminal }).catch((error: unknown) => error)
    assert(end instanceof Exit)
    assert.equal(end.exitCode, 130)
    const { drills } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as SuiteResult
    return { line: end.message, states: drills.flatMap(({ runs }) => runs.map(({ state }) => state)) }
  }

  it('says that everything was healed and taken down only when that is so', async (context) => {
    const aborted = new UnderstudyError('aborted', 'the drill was ended')
    assert.deepEqual(await saidAtTheEnd(context, aborted), {
      line: 'interrupted; the brokers were healed and taken down',
      states: ['interrupted'],
    })
  })

  it('says what could not be healed, and which lab could not be taken down', async (context) => {
    const unhealed = await saidAtTheEnd(context, new UnderstudyError('unsupported', 'NOT HEALED: b does not start'))
    assert.equal(unhealed.line, 'interrupted; NOT HEALED: b does not start')
    const stuck = await saidAtTheEnd(context, new UnderstudyError('aborted', 'ended'), {
      down: () => Promise.reject(new Error('pid 1 does not end')),
    })
    assert.equal(stuck.line, 'interrupted; `understudy lab down` ends what is left of quorum-1')
  })
})
