import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { connect } from '../../../src/connect.ts'
import { createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { RunningCommand } from '../../support/command.ts'
import { eventsOf, jobStage, until } from './job-stage.ts'

/** On a busy machine a second may be too little for an answer. */
const PATIENT = ['--wait', '3s']

describe('abort', () => {
  let stage: Awaited<ReturnType<typeof jobStage>>
  before(async () => {
    stage = await jobStage('embedded')
  })
  after(async () => await stage.close())

  /** Enqueues a job that is held under this id, and waits until the worker has it in hand. */
  const held = async (worker: RunningCommand, id: string): Promise<void> => {
    await using connection = await connect(stage.uri)
    await using app = createApp({ connection })
    await app.enqueue(defineJob({ name: 'hold', queue: 'holds', perform: () => {} }), undefined, { id })
    await worker.saw(`holding job=hold jobId=${id}`)
  }

  const reasons = async (): Promise<readonly (readonly [string, string])[]> => {
    const text = await stage.output('failures', 'list', '--json', ...stage.failures)
    const { failures } = JSON.parse(text) as { failures: readonly { jobId: string; reason: string }[] }
    return failures.map(({ jobId, reason }) => [jobId, reason])
  }

  it('ends the job that is named and no other, and the audit has who did it', async () => {
    const worker = await stage.worker('--concurrency', '2', '--name', 'kitchen')
    await held(worker, 'stays-in-the-pot')
    await held(worker, 'goes-out-of-the-window')

    const words = ['goes-out-of-the-window', '--actor', 'ann', ...PATIENT, ...stage.failures]
    const said = await stage.output('abort', stage.uri, ...words)
    assert.equal(said, 'aborting hold goes-out-of-the-window on kitchen\n')
    await until('it is kept', async () => (await reasons()).length > 0)
    assert.deepEqual(await reasons(), [['goes-out-of-the-window', 'aborted']])
    const audit = await stage.output('failures', 'audit', '--json', ...stage.failures)
    const entries = JSON.parse(audit) as { audit: readonly Record<string, unknown>[] }
    assert.deepEqual(
      entries.audit.map(({ action, actor, target, count }) => ({ action, actor, target, count })),
      [{ action: 'abort', actor: 'ann', target: 'goes-out-of-the-window', count: 1 }],
    )

    stage.touch('release-stays-in-the-pot')
    await worker.saw('"succeeded"')
    worker.child.kill('SIGTERM')
    const end = await worker.ended
    assert.deepEqual(
      eventsOf(end).flatMap(({ event, jobId }) => (event === 'succeeded' ? [jobId] : [])),
      ['stays-in-the-pot'],
    )
  })

  it('takes the beginning of an id as the table of workers cuts it, unless it is that of several', async () => {
    const worker = await stage.worker('--concurrency', '2')
    await held(worker, 'a-long-name-1')
    await held(worker, 'a-long-name-2')
    const both = await stage.run('abort', stage.uri, 'a-long-name', ...PATIENT)
    assert.equal(both.exitCode, 64)
    assert.match(both.stderr, /^understudy: a-long-name is the beginning of several: a-long-name-\d, a-long-name-\d$/m)
    stage.touch('release-a-long-name-2')
    await worker.saw('"succeeded"')
    const [, cut = ''] = / (a-long-na\S*…) /.exec(await stage.output('workers', stage.uri, ...PATIENT)) ?? []
    const told = JSON.parse(await stage.output('abort', stage.uri, cut, '--json', ...PATIENT)) as Record<
      string,
      unknown
    >
    assert.deepEqual([told['action'], told['jobId'], told['job']], ['abort', 'a-long-name-1', 'hold'])
    await worker.saw('"failed"')
    worker.child.kill('SIGTERM')
    assert.equal((await worker.ended).exitCode, 0)
  })

  it('says in one line that no worker has the job, with 2', async () => {
    const alone = await stage.run('abort', stage.uri, 'order-17', '--wait', '200ms')
    assert.deepEqual(
      [alone.exitCode, alone.stdout, alone.stderr],
      [2, '', 'understudy: no worker has job order-17 in hand; 0 workers answered within 200 ms\n'],
    )
    const worker = await stage.worker()
    await held(worker, 'order-18')
    const other = await stage.run('abort', stage.uri, 'order-17', ...PATIENT)
    assert.equal(other.exitCode, 2)
    assert.equal(other.stderr, 'understudy: no worker has job order-17 in hand; 1 worker answered within 3 s\n')
    stage.touch('release-order-18')
    await worker.saw('"succeeded"')
    worker.child.kill('SIGTERM')
    await worker.ended
  })
})
