import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { HEADER } from '../../../src/jobs/envelope.ts'
import type { Failure } from '../../../src/jobs/failures/failure.ts'
import { sqliteFailures } from '../../../src/stores.ts'
import { failed, HOUR_MS } from '../../jobs/failures/desk-stage.ts'
import { jobStage, until } from './job-stage.ts'

interface Outcome {
  readonly sent: number
  readonly released: number
  readonly tooOld: number
  readonly stoppedByCanary: boolean
}

describe('failures retry', () => {
  let stage: Awaited<ReturnType<typeof jobStage>>
  let stores = 0
  before(async () => {
    stage = await jobStage('embedded')
  })
  after(async () => await stage.close())

  /** A store of its own with failures of the job `cook`, each with its place as `cook-N.0`. */
  async function kept(
    count: number,
    given: (nth: number) => Partial<Failure> = () => ({}),
  ): Promise<readonly string[]> {
    const path = join(stage.folder, `retry-${++stores}.db`)
    await using store = sqliteFailures(path)
    await store.open()
    const now = Date.now()
    await store.keep(
      Array.from({ length: count }, (_, nth) =>
        failed(
          `cook-${nth}`,
          {
            job: 'cook',
            queue: 'meals',
            failedAt: now - 60_000 + nth,
            args: Buffer.from('{"dish":"soup"}'),
            ...given(nth),
          },
          { [HEADER.job]: 'cook', [HEADER.queue]: 'meals' },
        ),
      ),
    )
    return ['--failures', path]
  }

  async function retry(...args: readonly string[]): Promise<Outcome> {
    return JSON.parse(
      await stage.output('failures', 'retry', 'job:cook', stage.uri, '--yes', '--json', ...args),
    ) as Outcome
  }

  async function statuses(failures: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const { failures: found } = JSON.parse(await stage.output('failures', 'list', '--json', ...failures)) as {
      failures: readonly { id: string; status: string }[]
    }
    return Object.fromEntries(found.map(({ id, status }) => [id, status]))
  }

  async function waitingIn(queue: string): Promise<number> {
    const { queues } = JSON.parse((await stage.run('queues', stage.uri, queue, '--json')).stdout) as {
      queues: readonly { ready?: number }[]
    }
    return queues[0]?.ready ?? 0
  }

  it('--to sends to another queue, and --max-age leaves what is older', async () => {
    const failures = await kept(3, (nth) => (nth === 0 ? { failedAt: Date.now() - 50 * HOUR_MS } : {}))
    const dry = await stage.output(
      'failures',
      'retry',
      'job:cook',
      stage.uri,
      '--max-age',
      '2d',
      '--dry-run',
      ...failures,
    )
    assert.equal(dry, '2 failures would go back, and 1 older than --max-age would not\n')
    const { sent, tooOld } = await retry('--to', 'others', '--max-age', '2d', ...failures)
    assert.deepEqual([sent, tooOld], [2, 1])
    assert.deepEqual(await statuses(failures), { 'cook-0.0': 'failed', 'cook-1.0': 'retried', 'cook-2.0': 'retried' })
    assert.deepEqual([await waitingIn('others'), await waitingIn('meals')], [2, 0])
    await stage.output('purge', stage.uri, 'others', '--yes')
  })

  it('--rate spreads them, and what is interrupted stays failed', async () => {
    const failures = await kept(200)
    const retrying = stage.start(
      'failures',
      'retry',
      'job:cook',
      stage.uri,
      '--yes',
      '--json',
      '--rate',
      '2',
      '--to',
      'slow',
      ...failures,
    )
    await until('the first went', async () => (await waitingIn('slow')) > 0)
    retrying.child.kill('SIGINT')
    const { exitCode, stdout } = await retrying.ended
    assert.equal(exitCode, 130)
    const { sent, released } = JSON.parse(stdout) as Outcome
    assert.ok(sent > 0 && sent < 150, `at two a second not ${sent}`)
    assert.equal(released, 200 - sent)
    const counted = Object.groupBy(Object.values(await statuses([...failures, '--limit', '1000'])), (status) => status)
    assert.deepEqual([counted['retried']?.length, counted['failed']?.length], [sent, 200 - sent])
    assert.equal(await waitingIn('slow'), sent)
    await stage.output('purge', stage.uri, 'slow', '--yes')
  })

  it('--canary sends some first, stops where they fail, and goes on where they succeed', async () => {
    const failures = await kept(4)
    const worker = stage.start(
      'worker',
      stage.uri,
      '--jobs',
      join(stage.folder, 'jobs.mts'),
      '--json',
      '--queues',
      'meals',
      ...failures,
    )
    await worker.saw('"ready"')
    const stopped = await stage.run('failures', 'retry', 'job:cook', stage.uri, '--yes', '--canary', '1', ...failures)
    assert.equal(stopped.exitCode, 1)
    assert.equal(stopped.stdout, '1 failure sent back; 3 not sent, and failed as before\n')
    assert.match(stopped.stderr, /of the first 1, 0 succeeded, 1 failed and 0 had not ended: the rest stayed/)
    assert.deepEqual(await statuses(failures), {
      'cook-0.0': 'retried',
      'cook-0.1': 'failed',
      'cook-1.0': 'failed',
      'cook-2.0': 'failed',
      'cook-3.0': 'failed',
    })
    stage.touch('fixed')
    const { sent, stoppedByCanary } = await retry('--canary', '2', ...failures)
    assert.deepEqual([sent, stoppedByCanary], [4, false])
    await until('all have succeeded', async () => {
      const all = JSON.parse(await stage.output('failures', 'list', '--json', ...failures)) as {
        failures: readonly { id: string; resolvedAt?: number | string | null }[]
      }
      return all.failures.filter(({ resolvedAt }) => resolvedAt !== undefined && resolvedAt !== null).length === 4
    })
    worker.child.kill('SIGTERM')
    assert.equal((await worker.ended).exitCode, 0)
  })

  it('--canary-timeout ends the wait for first ones that nobody works on', async () => {
    const failures = await kept(2)
    const { exitCode, stderr } = await stage.run(
      'failures',
      'retry',
      'job:cook',
      stage.uri,
      '--yes',
      '--canary',
      '1',
      '--canary-timeout',
      '100ms',
      '--to',
      'nobody',
      ...failures,
    )
    assert.equal(exitCode, 1)
    assert.match(stderr, /of the first 1, 0 succeeded, 0 failed and 1 had not ended: the rest stayed/)
  })
})
