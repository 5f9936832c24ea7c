import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Exit } from '../../../../src/cli/exit-code.ts'
import { WorkerEnd } from '../../../../src/cli/jobs/worker/end.ts'
import { WorkerLines } from '../../../../src/cli/jobs/worker/lines.ts'
import { WORKER_SIGNALS } from '../../../../src/cli/jobs/worker/signals.ts'
import { defineJob } from '../../../../src/jobs/define-job.ts'
import { memoryLedger } from '../../../../src/jobs/ledger/memory.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { memoryBench, until } from '../../../jobs/worker/working.ts'

it('a worker whose ledger hangs as it lets go of a job does not end as if that were finished', async (context) => {
  context.after(() => {
    for (const signal of WORKER_SIGNALS) process.removeAllListeners(signal)
  })
  const clock = new FakeClock()
  const ledger = memoryLedger()
  ledger.interrupted = () => new Promise(() => {})
  await using bench = await memoryBench({ clock, ledger })
  const job = defineJob({
    name: 'waits',
    queue: 'jobs',
    perform: (_: unknown, { signal }) =>
      new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  })
  const worker = bench.worker({ jobs: [job] })
  await worker.start()
  await bench.send(job)
  await until('it runs', () => worker.describe().slots.length === 1)
  const asked = new AbortController()
  const terminal = { out: () => {}, err: () => {}, interactive: false, interrupted: asked.signal }
  const end = new WorkerEnd({
    terminal,
    lines: new WorkerLines(terminal, { json: false, quiet: true }),
    graceMs: 1000,
  })
  const ended = end.stopped(worker).then(
    () => undefined,
    (error: unknown) => error,
  )
  asked.abort()
  await clock.advance(10_000)
  const error = await ended
  end.settle()
  assert.ok(error instanceof Exit)
  assert.deepEqual([error.exitCode, error.message], [130, '1 not finished: the broker delivers it again'])
  assert.equal(bench.depth('jobs'), 1)
})
