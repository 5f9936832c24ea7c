import { settings, tellProgress, wallTime } from './program.ts'
import { open } from './understudy-app.ts'

let done = 0
let at = 0
const { connection, app, job } = await open(settings(), ({ type }) => {
  if (type !== 'succeeded') return
  done++
  at = wallTime()
})
const { concurrency } = settings()
const worker = app.worker({ jobs: [job], concurrency })
await worker.start()
await tellProgress(() => ({ done, at }))
await worker.stop()
await app.close()
await connection.close()
