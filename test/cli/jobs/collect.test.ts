import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { jobStage, until } from './job-stage.ts'

describe('failures without a store', () => {
  let stage: Awaited<ReturnType<typeof jobStage>>
  before(async () => {
    stage = await jobStage('embedded')
  })
  after(async () => await stage.close())

  it('wait at the broker until they are collected, each once', async () => {
    const worker = stage.start(
      'worker',
      stage.uri,
      '--jobs',
      join(stage.folder, 'jobs.mts'),
      '--failures',
      'none',
      '--queues',
      'meals',
    )
    await worker.saw('failures go to the broker')
    const id = (
      await stage.output('enqueue', stage.uri, '--job', 'cook', '--queue', 'meals', '--args', '{"dish":"soup"}')
    ).trim()
    await worker.saw(`failed ${id} cook exception: TypeError: no soup today`)
    worker.child.kill('SIGTERM')
    assert.equal((await worker.ended).exitCode, 0)

    assert.equal(await stage.output('failures', 'collect', stage.uri, ...stage.failures), '1 failure collected\n')
    assert.equal(await stage.output('failures', 'collect', stage.uri, ...stage.failures), '0 failures collected\n')
    const { failures } = JSON.parse(await stage.output('failures', 'list', '--json', ...stage.failures)) as {
      failures: readonly { jobId: string; args: unknown }[]
    }
    assert.deepEqual(
      failures.map(({ jobId, args }) => ({ jobId, args })),
      [{ jobId: id, args: { dish: 'soup' } }],
    )
    const nothing = await stage.output('failures', 'reconcile', stage.uri, ...stage.failures)
    assert.equal(nothing, '0 failures sent back, 0 given back\n')
  })

  it('are followed until TERM, which ends the collecting with 0', async () => {
    const collecting = stage.start('failures', 'collect', stage.uri, '--follow', ...stage.failures)
    await collecting.saw('collecting from understudy.failed')
    const worker = stage.start(
      'worker',
      stage.uri,
      '--jobs',
      join(stage.folder, 'jobs.mts'),
      '--failures',
      'none',
      '--queues',
      'meals',
    )
    await worker.saw('failures go to the broker')
    await stage.output('enqueue', stage.uri, '--job', 'nobody', '--queue', 'meals')
    const kept = async (): Promise<number> => {
      const text = await stage.output('failures', 'list', 'reason:unknown_job', '--json', ...stage.failures)
      return (JSON.parse(text) as { total: number }).total
    }
    await until('the failure to be collected', async () => (await kept()) === 1)
    collecting.child.kill('SIGTERM')
    const { exitCode, stdout } = await collecting.ended
    assert.equal(exitCode, 0)
    assert.equal(stdout, '1 failure collected\n')
    worker.child.kill('SIGTERM')
    assert.equal((await worker.ended).exitCode, 0)
  })
})
