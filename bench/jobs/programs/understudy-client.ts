import { answerOrders, settings, wallTime } from './program.ts'
import { open } from './understudy-app.ts'

const { connection, app, job } = await open(settings())
const { results } = settings()

await answerOrders(async ({ jobs, ms }) => {
  const list = Array.from({ length: jobs }, () => ms)
  const began = wallTime()
  const { handles } = await app.enqueueMany(job, results ? list : list.values())
  const sent = wallTime()
  await Promise.all(handles.map((handle) => handle.result()))
  return { began, sent, done: results ? wallTime() : sent }
})
await app.close()
await connection.close()
