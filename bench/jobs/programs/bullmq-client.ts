import { Queue, QueueEvents } from 'bullmq'
import { answerOrders, settings, wallTime } from './program.ts'

// What BullMQ's documents name as the fastest way to add many.
const AT_A_TIME = 1000

const { redis, queue: name, results } = settings()
const connection = { url: redis }
const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } })
await queue.waitUntilReady()
let left = 0
let finished: (() => void) | undefined
const events = results ? new QueueEvents(name, { connection }) : undefined
events?.on('completed', () => {
  if (--left === 0) finished?.()
})
await events?.waitUntilReady()

await answerOrders(async ({ jobs, ms }) => {
  const done = new Promise<void>((resolve) => (finished = resolve))
  left = jobs
  const began = wallTime()
  for (let added = 0; added < jobs; added += AT_A_TIME)
    await queue.addBulk(Array.from({ length: Math.min(AT_A_TIME, jobs - added) }, () => ({ name: 'bench', data: ms })))
  const sent = wallTime()
  if (results) await done
  return { began, sent, done: results ? wallTime() : sent }
})
await events?.close()
await queue.close()
