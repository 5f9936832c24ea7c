import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../../src/connect.ts'
import type { Connection } from '../../../src/connection.ts'
import { type App, createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { Job } from '../../../src/jobs/job.ts'
import type { JobObserver } from '../../../src/jobs/job-events.ts'
import { valkeyResults } from '../../../src/stores.ts'
import type { ProgramSettings } from './program.ts'

interface Opened {
  readonly connection: Connection
  readonly app: App
  readonly job: Job<number, number, null>
}

/** What client and worker have in common. */
export async function open({ amqp, redis, queue, results }: ProgramSettings, observer?: JobObserver): Promise<Opened> {
  const connection = await connect(amqp)
  const app = createApp({
    connection,
    ...(results ? { results: valkeyResults({ url: redis }) } : {}),
    ...(observer ? { observer } : {}),
  })
  const job = defineJob({
    name: 'bench',
    queue,
    async perform(ms: number) {
      if (ms > 0) await sleep(ms)
      return null
    },
  })
  return { connection, app, job }
}
