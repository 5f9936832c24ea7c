import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Lab } from '../../infra/labs/lab.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { brokerSkip } from '../support/brokers.ts'
import { type CommandEnd, startScript } from '../support/command.ts'
import { newLabRoot } from '../support/lab-root.ts'
import { exampleScript } from './example-script.ts'

function endedWell({ exitCode, stderr }: CommandEnd): void {
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' })
}

describe('the examples in memory', () => {
  it('one message goes there and back', async (context) => {
    const { saw, ended } = startScript([exampleScript('send-and-listen.ts', context), 'memory:example'])
    await saw('order 1 is done')
    await saw('closed')
    endedWell(await ended)
  })

  it('every question is answered', async (context) => {
    const ended = await startScript([exampleScript('survive-a-failover.ts', context), 'memory:example', '10']).ended
    assert.match(ended.stdout, /10 of 10 answers are right/)
    endedWell(ended)
  })
})

for (const name of ['embedded', 'activemq-jdbc', 'activemq-kahadb', 'rabbitmq-quorum']) {
  describe(`the examples on ${name}`, { skip: brokerSkip(name) }, () => {
    let lab: Lab
    let uri: string
    before(async () => {
      lab = await createLabs({ root: newLabRoot('examples') }).up(name)
      uri = drillUri(lab, {})
    })
    after(() => lab.down())

    it('one message goes there and back', async (context) => {
      const { saw, ended } = startScript([exampleScript('send-and-listen.ts', context), uri])
      await saw('order 1 is done')
      await saw('closed')
      endedWell(await ended)
    })

    it('a broadcast reaches both slaves once; replies match their request, progress before the result', async (context) => {
      const slave = exampleScript('abh/slave.ts', context)
      const slaves = ['slave-1', 'slave-2'].map((called) => startScript([slave, uri, called]))
      await Promise.all(slaves.map(({ saw }) => saw('waits for tasks')))
      const master = await startScript([exampleScript('abh/master.ts', context), uri, '2']).ended
      endedWell(master)
      const lines = master.stdout.trim().split('\n')
      for (const called of ['slave-1', 'slave-2']) {
        assert.deepEqual(
          lines.filter((line) => line.startsWith(called)),
          [
            ...[25, 50, 75, 100].map((percent) => `${called} progress {"percent":${percent}} matches`),
            `${called} result {"sum":10} matches`,
          ],
        )
      }
      assert.equal(lines.at(-1), '2 done, 0 failed, 0 missing')
      const id = /^request_id ([0-9a-f-]{36})$/m.exec(master.stdout)?.[1]
      assert.ok(id)
      for (const [index, { child, ended }] of slaves.entries()) {
        child.kill('SIGTERM')
        const end = await ended
        endedWell(end)
        const called = `slave-${index + 1}`
        assert.equal(end.stdout, `${called} waits for tasks\n${called} did ${id}\n`)
      }
    })

    it('every question is answered, also while the broker that serves is killed', async (context) => {
      const { saw, ended } = startScript([exampleScript('survive-a-failover.ts', context), uri, '60'])
      await saw('answered 20')
      const active = await lab.active()
      assert.ok(active)
      await lab.kill(active)
      await saw('resumed')
      const end = await ended
      assert.match(end.stdout, /60 of 60 answers are right/)
      endedWell(end)
    })
  })
}
