import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../../src/connect.ts'
import { createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { Ledger } from '../../../src/jobs/ledger/ledger.ts'
import { sqliteFailures, sqliteLedger } from '../../../src/stores.ts'
import type { MortalSettings } from '../worker-kills.ts'
import { tell, wallTime } from './program.ts'

// A worker that is killed sooner or later. What it does is on disk before it goes on: `b` for a begun effect, `n` for
// a noted one, with a clock that all processes of the machine share.
const { uri, queue, store, diary, concurrency, longestMs } = JSON.parse(
  process.env['BENCH_JOBS'] ?? '',
) as MortalSettings
const file = openSync(diary, 'a')
const write = (what: 'b' | 'n', run: string): void =>
  void writeSync(file, `${what} ${process.hrtime.bigint()} ${run}\n`)

const inner = sqliteLedger(store)
const ledger: Ledger = {
  kind: inner.kind,
  open: () => inner.open(),
  begin: (run, worker) => inner.begin(run, worker),
  async finish(run) {
    await inner.finish(run)
    write('n', run)
  },
  interrupted: (run) => inner.interrupted(run),
  close: () => inner.close(),
  [Symbol.asyncDispose]: () => inner.close(),
}
const connection = await connect(uri)
const app = createApp({ connection, ledger, failures: sqliteFailures(store) })
const job = defineJob({
  name: 'mortal',
  queue,
  async perform(_args: number, { jobId, requeues, attempt }) {
    write('b', `${jobId}/${requeues}/${attempt}`)
    await sleep(Math.random() * longestMs)
    return null
  },
})
const worker = app.worker({ jobs: [job], concurrency, maxLost: 100 })
await worker.start()
tell({ done: 0, at: wallTime() })
process.stdin.resume()
await new Promise((resolve) => process.stdin.once('end', resolve))
await worker.stop()
await app.close()
await connection.close()
