// Works on the tasks of both queues, one at a time. Start as many as you like, whenever you like.
import { connect, createApp } from 'understudy-mq'
import { createAccount, createInvoice, options, uri } from './tasks.ts'

const connection = await connect(uri)
connection.observe(({ type, role }) => {
  if (role === 'listener' && (type === 'interrupted' || type === 'resumed')) console.log('broker', type)
})
const app = createApp({ connection, ...options })
// The broker has one task out to each worker: a slow one keeps none from the others.
const worker = app.worker({ jobs: [createAccount, createInvoice], concurrency: 1, prefetch: 1 })
await worker.start()
console.log(worker.id, 'waits for tasks')

// Takes nothing more, finishes what it has begun, and goes.
const leave = async (): Promise<void> => {
  await worker.stop()
  await app.close()
  await connection.close()
  console.log(worker.id, 'did', worker.describe().done.succeeded)
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void leave())
