import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { ECHO_MS } from '../../../../src/cli/jobs/worker/signals.ts'
import type { RunningCommand } from '../../../support/command.ts'
import { eventsOf, jobStage, type JobStage, until } from '../job-stage.ts'

describe('a worker as a process', () => {
  let stage: Awaited<ReturnType<typeof jobStage>>
  before(async () => {
    stage = await jobStage('embedded')
  })
  after(async () => await stage.close())

  it('finishes the job in hand on TERM, takes no other, and ends with 0', async () => {
    const queue = 'holds-1'
    const worker = await stage.worker('--queues', queue)
    const id = await held(stage, queue, worker)
    const next = (await stage.output('enqueue', stage.uri, '--job', 'hold', '--queue', queue)).trim()
    worker.child.kill('SIGTERM')
    await worker.saw('"stopping"')
    stage.touch(`release-${id}`)
    const end = await worker.ended
    assert.equal(end.exitCode, 0)
    const told = eventsOf(end)
    assert.deepEqual(of(told, 'succeeded'), [id])
    assert.deepEqual(of(told, 'started'), [id])
    stage.touch(`release-${next}`)
    await finishing(stage, queue, next)
  })

  it('lets go on TERM past its grace, with 130, and the broker has the job still', async () => {
    const queue = 'holds-2'
    const worker = await stage.worker('--queues', queue, '--grace', '50ms')
    const id = await held(stage, queue, worker)
    worker.child.kill('SIGTERM')
    const end = await worker.ended
    assert.equal(end.exitCode, 130)
    assert.match(end.stderr, /^understudy: 1 not finished: the broker delivers it again$/m)
    assert.deepEqual(of(eventsOf(end), 'failed'), [])
    stage.touch(`release-${id}`)
    await finishing(stage, queue, id)
  })

  it('lets go of a job that does not listen to its signal too', async () => {
    const queue = 'holds-3'
    const worker = await stage.worker('--queues', queue, '--grace', '50ms')
    const id = await held(stage, queue, worker, '--args', '{"stubborn":true}')
    worker.child.kill('SIGTERM')
    assert.equal((await worker.ended).exitCode, 130)
    stage.touch(`release-${id}`)
    await finishing(stage, queue, id)
  })

  it('lets go at once on a second signal', async () => {
    const queue = 'holds-4'
    const worker = await stage.worker('--queues', queue, '--grace', '1h')
    const id = await held(stage, queue, worker)
    worker.child.kill('SIGTERM')
    await worker.saw('"stopping"')
    // What comes right after the first is taken for its echo. A third would meet a process that is ending.
    await setTimeout(ECHO_MS)
    worker.child.kill('SIGINT')
    const end = await worker.ended
    assert.equal(end.exitCode, 130)
    stage.touch(`release-${id}`)
    await finishing(stage, queue, id)
  })

  it('finishes on QUIT what takes longer than its grace', async () => {
    const queue = 'holds-5'
    const worker = await stage.worker('--queues', queue, '--grace', '0ms')
    const id = await held(stage, queue, worker)
    worker.child.kill('SIGQUIT')
    await worker.saw('"stopping"')
    stage.touch(`release-${id}`)
    const end = await worker.ended
    assert.equal(end.exitCode, 0)
    assert.deepEqual(of(eventsOf(end), 'succeeded'), [id])
  })

  it('takes nothing while it is paused, and goes on with CONT', async () => {
    const queue = 'holds-6'
    for (const signal of ['SIGUSR2', 'SIGTSTP'] as const) {
      const worker = await stage.worker('--queues', queue)
      worker.child.kill(signal)
      await worker.saw('"paused"')
      const id = (await stage.output('enqueue', stage.uri, '--job', 'hold', '--queue', queue)).trim()
      stage.touch(`release-${id}`)
      let workers: readonly { state: string; slots: readonly unknown[] }[] = []
      await until('it answers in time', async () => {
        ;({ workers } = JSON.parse(await stage.output('workers', stage.uri, '--json')) as { workers: typeof workers })
        return workers.length > 0
      })
      assert.deepEqual(
        workers.map(({ state, slots }) => ({ state, busy: slots.length })),
        [{ state: 'paused', busy: 0 }],
      )
      worker.child.kill('SIGCONT')
      await worker.saw('"succeeded"')
      worker.child.kill('SIGTERM')
      const end = await worker.ended
      assert.equal(end.exitCode, 0)
      const told = eventsOf(end).map(({ event }) => event)
      assert.ok(told.indexOf('resumed') < told.indexOf('started'), told.join(' '))
    }
  })

  it('aborts on USR1 what is in hand, keeps it as aborted, and stays', async () => {
    const queue = 'holds-7'
    const worker = await stage.worker('--queues', queue)
    const id = await held(stage, queue, worker)
    worker.child.kill('SIGUSR1')
    await worker.saw('"failed"')
    const { failures } = JSON.parse(
      await stage.output('failures', 'list', 'reason:aborted', '--json', ...stage.failures),
    ) as { failures: readonly { jobId: string }[] }
    assert.deepEqual(
      failures.map(({ jobId }) => jobId),
      [id],
    )
    const next = await held(stage, queue, worker)
    stage.touch(`release-${next}`)
    await worker.saw('"succeeded"')
    worker.child.kill('SIGTERM')
    assert.equal((await worker.ended).exitCode, 0)
  })

  it('says on TTIN what it has in hand', async () => {
    const queue = 'holds-8'
    const worker = await stage.worker('--queues', queue)
    const id = await held(stage, queue, worker)
    worker.child.kill('SIGTTIN')
    await worker.saw('"slots"')
    stage.touch(`release-${id}`)
    worker.child.kill('SIGTERM')
    const told = eventsOf(await worker.ended).find(({ event }) => event === 'slots') as unknown as {
      slots: readonly { job: string; jobId: string; attempt: number }[]
    }
    assert.deepEqual(
      told.slots.map(({ job, jobId, attempt }) => ({ job, jobId, attempt })),
      [{ job: 'hold', jobId: id, attempt: 1 }],
    )
  })
})

/** Enqueues a job that is held, and waits until the worker has it in hand. */
async function held(
  stage: JobStage,
  queue: string,
  worker: RunningCommand,
  ...args: readonly string[]
): Promise<string> {
  const id = (await stage.output('enqueue', stage.uri, '--job', 'hold', '--queue', queue, ...args)).trim()
  await worker.saw(`holding job=hold jobId=${id}`)
  return id
}

/** Another worker, which gets the job from the broker and finishes it. */
async function finishing(stage: JobStage, queue: string, id: string): Promise<void> {
  const worker = await stage.worker('--queues', queue)
  await worker.saw('"succeeded"')
  worker.child.kill('SIGTERM')
  const end = await worker.ended
  assert.equal(end.exitCode, 0)
  assert.deepEqual(of(eventsOf(end), 'succeeded'), [id])
}

function of(events: ReturnType<typeof eventsOf>, wanted: string): readonly (string | undefined)[] {
  return events.filter(({ event }) => event === wanted).map(({ jobId }) => jobId)
}
