import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { withoutProcesses } from '../../../../src/cli/jobs/worker/processes.ts'
import { eventsOf, jobStage, until } from '../job-stage.ts'

describe('a worker in several processes', () => {
  let stage: Awaited<ReturnType<typeof jobStage>>
  before(async () => {
    stage = await jobStage('embedded')
  })
  after(async () => await stage.close())

  async function pids(): Promise<readonly number[]> {
    const { workers } = JSON.parse(await stage.output('workers', stage.uri, '--json')) as {
      workers: readonly { pid: number }[]
    }
    return workers.map(({ pid }) => pid)
  }

  it('replaces one that is killed, and ends with 0 when all have finished', async () => {
    const worker = await stage.worker('--processes', '2')
    await until('two workers', async () => (await pids()).length === 2)
    // One answers before it has said that it is ready, and says nothing once it is killed.
    await worker.saw(/"ready"[^]*"ready"/)
    const before = await pids()
    assert.ok(!before.includes(worker.child.pid ?? 0))
    const [victim = 0] = before
    process.kill(victim, 'SIGKILL')
    await worker.saw(`worker process ${victim} was ended by SIGKILL`)
    await until('another worker', async () => {
      const now = await pids()
      return now.length === 2 && !now.includes(victim)
    })
    worker.child.kill('SIGTERM')
    const end = await worker.ended
    assert.equal(end.exitCode, 0)
    const told = eventsOf(end).map(({ event }) => event)
    assert.equal(told.filter((event) => event === 'ready').length, 3)
    assert.equal(told.filter((event) => event === 'stopped').length, 2)
  })

  it('ends when one of them cannot begin', async () => {
    const { exitCode, stderr } = await stage.run('worker', stage.uri, '--processes', '2', '--jobs', './nowhere.ts')
    assert.equal(exitCode, 64)
    assert.match(stderr, /^understudy: --jobs \.\/nowhere\.ts: there is no such file$/m)
  })

  it('has the command line of one', () => {
    assert.deepEqual(withoutProcesses(['worker', 'x', '--processes', '4', '--json']), ['worker', 'x', '--json'])
    assert.deepEqual(withoutProcesses(['--processes=4', '--prefetch', '4']), ['--prefetch', '4'])
  })
})
