/**
 * A worker in a process of its own, for tests that kill it. Says what happens as lines of JSON. The jobs: `hang` never
 * ends, also when it is told to; `obey` ends when it is told to; `gate` ends when a line comes on the standard input.
 */
import { once } from 'node:events'
import { connect } from '../../../src/connect.ts'
import { createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { ledgerAt } from '../stores-at.ts'

const [uri = '', ledger = '', graceMs = '0'] = process.argv.slice(2)
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

const connection = await connect(uri)
const app = createApp({
  connection,
  ledger: ledgerAt(ledger),
  observer: ({ type, ...about }) => say({ type, ...about }),
})
const jobs = [
  defineJob({ name: 'hang', queue: 'lost', perform: () => new Promise<never>(() => {}) }),
  defineJob({
    name: 'obey',
    queue: 'obedient',
    perform: (_: unknown, { signal }) =>
      new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  }),
  defineJob({ name: 'gate', queue: 'gated', perform: async () => void (await once(process.stdin, 'data')) }),
]
const worker = app.worker({ jobs, maxLost: 2, concurrency: 3, prefetch: 1 })
process.on('SIGTERM', () => void end())
await worker.start()
say({ type: 'ready' })

async function end(): Promise<void> {
  say({ type: 'stopping' })
  await worker.stop({ grace: Number(graceMs) })
  await app.close()
  await connection.close()
  process.stdin.destroy()
  say({ type: 'ended' })
}
