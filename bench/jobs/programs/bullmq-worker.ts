import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'bullmq'
import { settings, startWorker, tellProgress, wallTime } from './program.ts'

let done = 0
let at = 0
const { redis, queue, concurrency } = settings()
const work = async ({ data: ms }: { readonly data: number }): Promise<null> => {
  if (ms > 0) await sleep(ms)
  return null
}
const worker = new Worker<number, null>(queue, work, { connection: { url: redis }, concurrency })
worker.on('completed', () => {
  done++
  at = wallTime()
})
await startWorker(() => worker.waitUntilReady())
await tellProgress(() => ({ done, at }))
await worker.close()
