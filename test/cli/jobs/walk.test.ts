import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokerSkip } from '../../support/brokers.ts'
import { eventsOf, jobStage, until } from './job-stage.ts'

interface Shown {
  readonly id: string
  readonly jobId: string
  readonly status: string
  readonly errorMessage: string
  readonly args: unknown
  readonly resolvedAt?: number
}

for (const labName of ['embedded', 'activemq-jdbc', 'rabbitmq-classic'])
  describe(`the walk of a failed job on ${labName}`, { skip: brokerSkip(labName) }, () => {
    let stage: Awaited<ReturnType<typeof jobStage>>
    before(async () => {
      stage = await jobStage(labName)
    })
    after(async () => await stage.close())

    const search = async (query: string): Promise<readonly Shown[]> => {
      const text = await stage.output('failures', 'search', query, '--json', ...stage.failures)
      return (JSON.parse(text) as { failures: readonly Shown[] }).failures
    }

    it('goes from its failure over search and retry to its result', async () => {
      const worker = await stage.worker()
      const send = ['enqueue', stage.uri, '--job', 'cook', '--queue', 'meals', '--args', '{"dish":"soup"}'] as const

      const failed = await stage.run(...send, '--wait')
      assert.equal(failed.exitCode, 1)
      assert.match(failed.stderr, /^understudy: job \S+ failed: TypeError: no soup today$/m)

      const [kept, ...others] = await search('error:"no soup" job:cook')
      assert.ok(kept)
      assert.deepEqual(others, [])
      assert.deepEqual([kept.status, kept.args], ['failed', { dish: 'soup' }])
      const shown = await stage.output('failures', 'show', kept.id.slice(0, 8), ...stage.failures)
      assert.ok(shown.startsWith(`${kept.id}\n`), shown)
      assert.match(shown, /"dish": "soup"/)

      stage.touch('fixed')
      const would = await stage.output('failures', 'retry', 'job:cook', stage.uri, '--dry-run', ...stage.failures)
      assert.equal(would, '1 failure would go back\n')
      assert.deepEqual(await search('status:failed'), [kept])
      const sent = await stage.output('failures', 'retry', 'job:cook', stage.uri, ...stage.failures)
      assert.equal(sent, '1 failure sent back\n')
      await worker.saw('"succeeded"')

      const [retried] = await search('status:retried')
      assert.deepEqual([retried?.id, retried?.jobId], [kept.id, kept.jobId])
      await until('the success to be noted', async () => (await search('status:retried'))[0]?.resolvedAt !== undefined)

      const served = await stage.output(...send, '--wait', '--json')
      const { value } = JSON.parse(served) as { value: unknown }
      assert.deepEqual(value, { served: 'soup', attempt: 1, requeues: 0 })

      worker.child.kill('SIGTERM')
      const end = await worker.ended
      assert.equal(end.exitCode, 0)
      const told = eventsOf(end).filter(({ jobId }) => jobId === kept.jobId)
      assert.deepEqual(
        told.map(({ event }) => event),
        ['started', 'failed', 'started', 'succeeded'],
      )
    })

    it('sends several back only when it is told that this is meant', async () => {
      const worker = await stage.worker()
      const lines = ['fish', 'cake'].map((dish) => JSON.stringify({ dish }))
      // The cook has what he needs by now; what nobody knows fails.
      for (const line of lines)
        await stage.output('enqueue', stage.uri, '--job', 'bake', '--queue', 'meals', '--args', line)
      await until('both to be kept', async () => (await search('reason:unknown_job')).length === 2)
      const retry = ['failures', 'retry', 'reason:unknown_job', stage.uri, ...stage.failures] as const
      const asked = await stage.run(...retry)
      assert.equal(asked.exitCode, 64)
      assert.match(asked.stderr, /^understudy: send 2 failures back\? Say so with --yes/m)
      assert.equal((await search('status:failed')).length, 2)
      const { sent } = JSON.parse(await stage.output(...retry, '--yes', '--json')) as { sent: number }
      assert.equal(sent, 2)
      await until('both to fail again', async () => (await search('status:failed reason:unknown_job')).length === 2)
      assert.equal((await search('status:retried reason:unknown_job')).length, 2)
      const id = (await search('status:failed'))[0]?.id ?? ''
      const edited = await stage.output('failures', 'edit', id, stage.uri, '--queue', 'elsewhere', ...stage.failures)
      assert.match(edited, /^[\w-]{36}\n$/)
      const queues = await stage.output('queues', stage.uri, 'elsewhere', '--json')
      const { queues: found } = JSON.parse(queues) as { queues: readonly { queue: string; ready: number }[] }
      assert.deepEqual(
        found.map(({ queue, ready }) => ({ queue, ready })),
        [{ queue: 'elsewhere', ready: 1 }],
      )
      assert.equal(await stage.output('purge', stage.uri, 'elsewhere', '--yes'), '1 removed from elsewhere\n')
      worker.child.kill('SIGTERM')
      assert.equal((await worker.ended).exitCode, 0)
    })

    it('takes nothing after USR2, and goes on with CONT', async () => {
      stage.touch('fixed')
      const worker = await stage.worker()
      worker.child.kill('SIGUSR2')
      await worker.saw('"paused"')
      const send = ['enqueue', stage.uri, '--job', 'cook', '--queue', 'meals', '--args', '{"dish":"tea"}'] as const
      const id = (await stage.output(...send)).trim()
      const { workers } = JSON.parse(await stage.output('workers', stage.uri, '--json')) as {
        workers: readonly { state: string; slots: readonly object[] }[]
      }
      assert.deepEqual(
        workers.map(({ state, slots }) => ({ state, busy: slots.length })),
        [{ state: 'paused', busy: 0 }],
      )
      worker.child.kill('SIGCONT')
      await worker.saw('"succeeded"')
      worker.child.kill('SIGTERM')
      const end = await worker.ended
      assert.equal(end.exitCode, 0)
      const told = eventsOf(end).filter(({ event, jobId }) => event === 'resumed' || jobId === id)
      assert.deepEqual(
        told.map(({ event }) => event),
        ['resumed', 'started', 'succeeded'],
      )
    })

    it('pauses a queue for workers that run and for those that come later, until it is resumed', async () => {
      stage.touch('fixed')
      const early = await stage.worker()
      const paused = await stage.output('pause', stage.uri, '--queue', 'meals', '--json', ...stage.failures)
      const said = JSON.parse(paused) as { workers: readonly object[]; kept: readonly string[] }
      assert.equal(said.workers.length, 1)
      assert.deepEqual(said.kept, ['meals'])
      early.child.kill('SIGTERM')
      await early.ended
      const late = await stage.worker()
      const dish = (
        await stage.output('enqueue', stage.uri, '--job', 'cook', '--queue', 'meals', '--args', '{"dish":"pie"}')
      ).trim()
      const { workers } = JSON.parse(await stage.output('workers', stage.uri, '--json')) as {
        workers: readonly { queues: readonly { queue: string; paused: boolean }[]; slots: readonly object[] }[]
      }
      assert.deepEqual(
        workers[0]?.queues.map(({ queue, paused }) => ({ queue, paused })),
        [
          { queue: 'meals', paused: true },
          { queue: 'holds', paused: false },
        ],
      )
      const forgotten = await stage.run('resume', stage.uri)
      assert.equal(forgotten.exitCode, 2)
      assert.match(forgotten.stderr, /^understudy: meals: paused in the failure store; --failures says which/m)
      const resumed = await stage.run('resume', stage.uri, ...stage.failures)
      assert.equal(resumed.exitCode, 0)
      assert.match(resumed.stderr, /^resumed for those that come later: meals$/m)
      await late.saw('"succeeded"')
      late.child.kill('SIGTERM')
      const end = await late.ended
      assert.deepEqual(
        eventsOf(end)
          .filter(({ event }) => event === 'succeeded')
          .map(({ jobId }) => jobId),
        [dish],
      )
    })
  })
