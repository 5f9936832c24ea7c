import { settings, startWorker, tellProgress, wallTime } from './program.ts'
import { open } from './understudy-app.ts'

let done = 0
let at = 0
const { concurrency, prefetch } = settings()
const { connection, app, worker } = await startWorker(async () => {
  const opened = await open(settings(), ({ type }) => {
    if (type !== 'succeeded') return
    done++
    at = wallTime()
  })
  const taking = opened.app.worker({ jobs: [opened.job], concurrency, prefetch })
  await taking.start()
  return { ...opened, worker: taking }
})
await tellProgress(() => ({ done, at }))
await worker.stop()
await app.close()
await connection.close()
