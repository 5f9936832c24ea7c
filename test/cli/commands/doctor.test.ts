import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Diagnosis } from '../../../src/drill/doctor/diagnosis.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { runCommand } from '../../support/command.ts'
import { codesOf, findingOf } from '../../support/findings.ts'
import { labRootFor } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const SECRET = 'geheimnis'

async function diagnosisOf(args: readonly string[], labs: string, exitCode = 0): Promise<Diagnosis> {
  const end = await runCommand(['doctor', '--json', ...args], labs)
  assert.equal(end.exitCode, exitCode, end.stderr + end.stdout)
  return JSON.parse(end.stdout) as Diagnosis
}

/** A lab that stays until the test takes it down. */
async function withLab(context: TestContext, name: string): Promise<{ labs: string; uri: string }> {
  const labs = labRootFor(context)
  const up = await runCommand(['lab', 'up', name], labs)
  assert.equal(up.exitCode, 0, up.stderr)
  return { labs, uri: (await runCommand(['lab', 'uri'], labs)).stdout.trim() }
}

describe('doctor', () => {
  it('puts up a lab that is not up, reads it and takes it down', async (context) => {
    const diagnosis = await diagnosisOf(['embedded'], labRootFor(context))
    assert.deepEqual(
      diagnosis.target.endpoints.map(({ answer }) => answer),
      ['serving', 'refused'],
    )
    assert.equal(diagnosis.schema, 1)
    assert.equal(diagnosis.counts.problem, 0)
    assert.equal(diagnosis.settings['lockPollMs'], 250)
    const predicted = new Map(diagnosis.predictions.map(({ fault, predicted: said }) => [fault, said]))
    assert.match(predicted.get('kill')?.because ?? '', /lockPollMs/)
    assert.match(predicted.get('cut')?.because ?? '', /connectTimeout 1 s/, 'those of the network too')
  })

  it('reads a lab that is up as it stands, and leaves it up', async (context) => {
    const { labs, uri } = await withLab(context, 'embedded')
    try {
      await runCommand(['lab', 'pause', 'a'], labs)
      const paused = await diagnosisOf(['embedded', '--wait', '300ms'], labs, 2)
      assert.deepEqual(codesOf(paused.findings).slice(0, 2), ['nobody-serves', 'mute'])
      await runCommand(['lab', 'resume', 'a'], labs)
      const { stdout, exitCode } = await runCommand(['doctor', uri], labs)
      assert.equal(exitCode, 0, stdout)
      assert.match(stdout, /^failover:\(stomp:.*\nno problem · /)
      const late = await diagnosisOf([uri, '--rto', '2s'], labs, 1)
      assert.equal(findingOf(late.findings, 'noticed-too-late').severity, 'problem')
    } finally {
      assert.match((await runCommand(['lab', 'down'], labs)).stdout, /embedded-\w+ is down/)
    }
  })

  it("reads a broker's own file beside it", async (context) => {
    const path = join(temporaryFolder('doctor', context), 'activemq.xml')
    writeFileSync(path, '<broker><jdbcPersistenceAdapter><lease-database-locker/></jdbcPersistenceAdapter></broker>')
    const { findings } = await diagnosisOf(['memory:doctor', '--config', path], labRootFor(context), 1)
    assert.equal(findingOf(findings, 'keepalive-not-below-lease').area, 'settings')
  })

  it('ends with 2 when nobody serves, and shows no password', async (context) => {
    const uri = `failover:(stomp://app:${SECRET}@127.0.0.1:1,stomp://app:${SECRET}@127.0.0.1:2)`
    const { stdout, stderr, exitCode } = await runCommand(['doctor', uri], labRootFor(context))
    assert.equal(exitCode, 2)
    assert.match(stdout, /^PROBLEM {2}brokers: nobody-serves$/m)
    assert.doesNotMatch(stdout + stderr, new RegExp(SECRET))
  })

  const WRONG: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a target that is neither', ['nope'], /"nope" is neither a URI nor a lab.*embedded/],
    ['a URI with a slip in it', [`stomp://u:${SECRET}@h?randomise=true`], /"randomise".*randomize/],
    ['a management address that is none', ['embedded', '--management', `u:${SECRET}@h`], /--management must begin/],
    ['a configuration that is none', ['embedded', '--config', '/dev/null'], /--config: \/dev\/null is no activemq/],
    ['a topic', ['embedded', '--to', 'topic://x'], /--to.*must be a queue/],
    ['a topology that is none', ['embedded', '--topology', 'ring'], /--topology.*lock, quorum, home-node/],
    [
      'client options with a slip',
      ['embedded', '--client-options', 'retryTreshold=1'],
      /--client-options.*retryThreshold/,
    ],
  ]
  for (const [what, args, says] of WRONG) {
    it(`refuses ${what} in one line`, async (context) => {
      const { exitCode, stdout, stderr } = await runCommand(['doctor', ...args], labRootFor(context))
      assert.equal(exitCode, 64, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, says)
      assert.doesNotMatch(stderr, new RegExp(SECRET))
      assert.doesNotMatch(stderr, /^\s+at /m)
    })
  }
})

describe('doctor on real brokers', () => {
  it('knows ActiveMQ, and warns of its database lock', { skip: brokerSkip('activemq-jdbc') }, async (context) => {
    const { target, findings } = await diagnosisOf(['activemq-jdbc'], labRootFor(context))
    assert.equal(target.endpoints[0]?.greeting?.product, 'ActiveMQ')
    assert.match(findingOf(findings, 'lock-sleep').why ?? '', /17 %/)
    assert(codesOf(findings).includes('standby-closed'))
  })

  it('knows RabbitMQ, its nodes and its queues', { skip: brokerSkip('rabbitmq-classic') }, async (context) => {
    const { labs, uri } = await withLab(context, 'rabbitmq-classic')
    try {
      const empty = await diagnosisOf(['rabbitmq-classic'], labs)
      assert.equal(empty.target.endpoints[0]?.greeting?.product, 'RabbitMQ')
      assert(codesOf(empty.findings).includes('nodes-up'))
      await runCommand(['produce', uri, '--to', 'queue://orders', '--count', '1'], labs)
      const { findings } = await diagnosisOf(['rabbitmq-classic', '--job-time', '40m'], labs, 1)
      assert.match(findingOf(findings, 'classic-queue').is, /orders/)
      assert.match(findingOf(findings, 'consumer-timeout').is, /40 min.*30 min/)
    } finally {
      await runCommand(['lab', 'down'], labs)
    }
  })
})
