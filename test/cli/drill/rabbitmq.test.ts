import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it, type TestContext } from 'node:test'
import type { DrillResult } from '../../../src/drill/result.ts'
import type { SuiteResult } from '../../../src/drill/suite/suite-result.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { runCommand } from '../../support/command.ts'
import { labRootFor, newLabRoot } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

interface Drilled {
  readonly result: DrillResult
  readonly out: string
  readonly told: string
}

async function drill(context: TestContext, ...args: readonly string[]): Promise<Drilled> {
  const out = join(temporaryFolder('drill', context), 'out')
  const { exitCode, stdout, stderr } = await runCommand(
    ['drill', '--json', '--window', '500ms', '--out', out, ...args],
    labRootFor(context),
  )
  assert.equal(exitCode, 0, stderr + stdout)
  return { result: JSON.parse(stdout) as DrillResult, out, told: stderr }
}

describe('a drill on rabbitmq-quorum', { skip: brokerSkip('rabbitmq-quorum') }, () => {
  it('kills the leader, sees another one elected, and loses nothing', async (context) => {
    const { result, out, told } = await drill(context, '--lab', 'rabbitmq-quorum')
    assert.equal(result.verdict, 'pass')
    assert.deepEqual([result.jobs.lost, result.jobs.failed, result.jobs.unexpected], [0, 0, 0])
    assert.equal(result.jobs.acknowledged, result.jobs.attempted)
    // The first in the list is the one that the client declared the queue on.
    assert.equal(result.fault.node, 'a')
    assert(['b', 'c'].includes(result.takenOverBy ?? ''))
    assert(result.markers.some(({ kind, node }) => kind === 'leader-elected' && node === result.takenOverBy))
    assert.deepEqual(
      result.failoverParts.map(({ name }) => name).filter((name) => name !== 'detect'),
      ['reconnect', 'elect', 'confirm'],
    )
    assert.equal(
      result.failoverParts.reduce((sum, { ms }) => sum + ms, 0),
      result.failoverMs,
    )
    assert.match(told, /queue led by a \(log\)/)
    assert.doesNotMatch(told, /\block\b|standing by|master/)
    for (const name of ['events.jsonl', 'report.html', ...result.files.logs]) assert(existsSync(join(out, name)), name)
  })
})

// One cluster for these drills, each on a queue of its own, which is at home where its first client declares it.
const CLASSIC = `
defaults: {lab: rabbitmq-classic, window: 500ms, hold: 1s}
drills:
  - {name: stop, to: 'queue://stop', fault: stop}
  - {name: not-mandatory, to: 'queue://not-mandatory', every: 100ms, clientOptions: {mandatory: false}}
  - {name: mandatory, to: 'queue://mandatory'}
`

describe('a drill on rabbitmq-classic', { skip: brokerSkip('rabbitmq-classic') }, () => {
  let suite: SuiteResult
  let told = ''
  const out = join(temporaryFolder('drills'), 'out')

  before(async () => {
    const plan = join(temporaryFolder('plan'), 'classic.yaml')
    writeFileSync(plan, CLASSIC)
    const { exitCode, stdout, stderr } = await runCommand(
      ['drill', plan, '--json', '--out', out],
      newLabRoot('classic drills'),
    )
    assert.equal(exitCode, 1, stderr + stdout)
    assert.equal(stderr.match(/lab rabbitmq-classic: port mapper/g)?.length, 1)
    suite = JSON.parse(stdout) as SuiteResult
    told = stderr
  })

  function fileOf(drill: string, name: string): string {
    const run = suite.drills.find((one) => one.name === drill)?.runs[0]
    return readFileSync(join(out, run?.folder ?? '', name), 'utf8')
  }

  function resultOf(drill: string): DrillResult {
    return JSON.parse(fileOf(drill, 'result.json')) as DrillResult
  }

  it('stops the home node, says that nobody could take over, and loses nothing once it is back', () => {
    const result = resultOf('stop')
    assert.equal(result.verdict, 'pass')
    assert.deepEqual([result.jobs.lost, result.jobs.failed, result.jobs.unexpected], [0, 0, 0])
    assert.deepEqual([result.takenOverBy, result.failoverMs], [null, null])
    assert(result.findings.some((finding) => finding.startsWith('Nobody could take over when a was stopped')))
    assert(result.objectives.some(({ name, met }) => name === 'service' && met))
  })

  it('loses what it confirmed while the home node was dead, when nothing is mandatory', () => {
    const result = resultOf('not-mandatory')
    assert.equal(result.verdict, 'fail')
    assert(result.jobs.lost !== null && result.jobs.lost > 0)
    assert.equal(result.jobs.acknowledged, result.jobs.attempted)
    assert(result.findings.some((finding) => finding.includes('acknowledged but unroutable')))
    assert.match(told, /not-mandatory: FAIL .* confirmed jobs were never delivered/)
    assert.match(fileOf('not-mandatory', 'events.jsonl'), /"type":"drain".*"ok":true,"outstanding":[1-9]/)
  })

  it('gets the same jobs back when they are, and loses none', () => {
    const result = resultOf('mandatory')
    assert.equal(result.verdict, 'pass')
    assert.deepEqual([result.jobs.lost, result.jobs.failed], [0, 0])
    assert(result.findings.some((finding) => /attempts came back as unroutable/.test(finding)))
  })
})

describe('a drill on rabbitmq-quorum-haproxy', { skip: brokerSkip('rabbitmq-quorum-haproxy') }, () => {
  it('kills the leader behind the entrance, and its client goes on through the same one', async (context) => {
    const { result, out } = await drill(context, '--lab', 'rabbitmq-quorum', '--haproxy', 'amqp')
    assert.deepEqual([result.verdict, result.jobs.lost, result.jobs.failed], ['pass', 0, 0])
    assert.notEqual(result.takenOverBy, result.fault.node)
    assert(['a', 'b', 'c'].includes(result.takenOverBy ?? ''))
    assert.equal(result.target.settings['haproxyCheck'], 'amqp')
    for (const name of ['haproxy.cfg', 'haproxy.log']) assert(existsSync(join(out, 'brokers', name)), name)
  })
})
