import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { DrillResult } from '../../../src/drill/result.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { runCommand } from '../../support/command.ts'
import { labRootFor } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

interface Drilled {
  readonly result: DrillResult
  readonly out: string
  readonly told: string
}

async function drill(context: TestContext, ...args: readonly string[]): Promise<Drilled> {
  return await drillThatEnds(0, context, ...args)
}

async function drillThatEnds(wanted: number, context: TestContext, ...args: readonly string[]): Promise<Drilled> {
  const out = join(temporaryFolder('drill', context), 'out')
  const { exitCode, stdout, stderr } = await runCommand(
    ['drill', '--json', '--window', '500ms', '--out', out, ...args],
    labRootFor(context),
  )
  assert.equal(exitCode, wanted, stderr + stdout)
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

describe('a drill on rabbitmq-classic', { skip: brokerSkip('rabbitmq-classic') }, () => {
  it('stops the home node, says that nobody could take over, and loses nothing once it is back', async (context) => {
    const { result } = await drill(context, '--lab', 'rabbitmq-classic', '--fault', 'stop', '--hold', '1s')
    assert.equal(result.verdict, 'pass')
    assert.deepEqual([result.jobs.lost, result.jobs.failed, result.jobs.unexpected], [0, 0, 0])
    assert.deepEqual([result.takenOverBy, result.failoverMs], [null, null])
    assert(result.findings.some((finding) => finding.startsWith('Nobody could take over when a was stopped')))
    assert(result.objectives.some(({ name, met }) => name === 'service' && met))
  })

  it('loses what it confirmed while the home node was dead, when nothing is mandatory', async (context) => {
    const args = [
      '--lab',
      'rabbitmq-classic',
      '--every',
      '100ms',
      '--hold',
      '1s',
      '--client-options',
      'mandatory=false',
    ]
    const { result, told } = await drillThatEnds(1, context, ...args)
    assert.equal(result.verdict, 'fail')
    assert(result.jobs.lost !== null && result.jobs.lost > 0)
    assert.equal(result.jobs.acknowledged, result.jobs.attempted)
    assert(result.findings.some((finding) => finding.includes('acknowledged but unroutable')))
    assert.match(told, /drained: \d+ confirmed jobs not delivered/)
  })

  it('gets the same jobs back when they are, and loses none', async (context) => {
    const { result } = await drill(context, '--lab', 'rabbitmq-classic', '--hold', '1s')
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
