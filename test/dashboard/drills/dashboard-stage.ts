import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryFailures } from '../../../adapters/memory/failures.ts'
import { connect } from '../../../src/connect.ts'
import { createDashboard } from '../../../src/dashboard/dashboard.ts'
import { createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { sqliteResults } from '../../../src/stores.ts'
import { memoryBroker } from '../../../src/testing/memory-broker.ts'
import { LOSING, PAUSED } from '../../drill/report/written-drills.ts'
import { drillOf, judgedRun, SKIPPED, suiteOf } from '../../drill/report/suite/written-suite.ts'
import { direct, run, writtenSearch } from '../../drill/threshold/written-search.ts'
import { failed } from '../../jobs/failures/desk-stage.ts'
import { writeDrillFolder, writeHistoryOnly, writeSuiteFolder } from './drill-folders.ts'

/** A dashboard with something of everything that the pages of drills, the timeline and requests show. */
export interface DashboardStage extends AsyncDisposable {
  readonly url: string
  /** Jobs that succeeded, failed and are half done. */
  readonly jobs: { readonly done: string; readonly broken: string; readonly working: string }
  /** The folder of drills. */
  readonly drills: string
}

const BEGAN = Date.UTC(2026, 10, 21, 5, 40, 12)
const MINUTE_MS = 60_000

export async function dashboardStage(folder: string): Promise<DashboardStage> {
  const drills = join(folder, 'drills')
  writeDrills(drills)
  const broker = memoryBroker('stage-a')
  const other = memoryBroker('stage-b')
  const uri =
    'failover:(memory://stage-a,memory://stage-b)?initialReconnectDelay=10&maxReconnectDelay=20&randomize=false'
  const connection = await connect(uri)
  const failures = memoryFailures()
  const app = createApp({ connection, failures, results: sqliteResults(join(folder, 'results.db')) })
  await connection.connected()
  const dashboard = createDashboard({ connection, app, drills })
  const { url } = await dashboard.listen({ port: 0 })
  const now = Date.now()
  await failures.keep(
    [2, 3, 3, 3, 4, 11, 12, 12, 12, 12, 13, 30, 44, 44, 200, 700].map((minutes, index) =>
      failed(`mail-${index}`, {
        failedAt: now - minutes * MINUTE_MS,
        requestId: index < 3 ? 'req-7' : `req-${index + 10}`,
      }),
    ),
  )
  const release = Promise.withResolvers<void>()
  const resize = defineJob({
    name: 'image.resize',
    async perform(args: { readonly how: string }, context) {
      await context.progress(62, 'second pass')
      if (args.how === 'work') await release.promise
      if (args.how === 'break') throw new TypeError('no such image: cat.png')
      return { width: 640, height: 480, file: 'cat-small.png', steps: ['read', 'scale', 'write'] }
    },
  })
  const worker = app.worker({ jobs: [resize], concurrency: 3 })
  await worker.start()
  const [done, broken, working] = await Promise.all(
    ['return', 'break', 'work'].map((how) => app.enqueue(resize, { how })),
  )
  if (!done || !broken || !working) throw new Error('nothing was enqueued')
  await done.result({ timeout: 10_000 })
  await broken.result({ timeout: 10_000 }).catch(() => undefined)
  for await (const { percent } of working.progress()) if (percent > 0) break
  const resumed = Promise.withResolvers<void>()
  const forget = connection.observe(({ type, role }) => {
    if (type === 'resumed' && role === 'producer') resumed.resolve()
  })
  broker.stop()
  await resumed.promise
  forget()
  return {
    url,
    jobs: { done: done.id, broken: broken.id, working: working.id },
    drills,
    [Symbol.asyncDispose]: async () => {
      release.resolve()
      await dashboard.close()
      await app.close()
      await connection.close()
      broker.reset()
      other.reset()
    },
  }
}

function writeDrills(drills: string): void {
  const ago = (minutes: number): number => Date.now() - BEGAN - minutes * MINUTE_MS
  writeDrillFolder(drills, '20261121-053000-embedded-kill', undefined, { laterMs: ago(25) })
  writeDrillFolder(drills, '20261121-054000-embedded-kill', undefined, { laterMs: ago(8) })
  writeDrillFolder(drills, '20261121-041500-rabbitmq-classic-kill', LOSING, {
    laterMs: ago(90),
    lab: 'rabbitmq-classic',
  })
  writeDrillFolder(drills, '20261120-221500-activemq-jdbc-pause', PAUSED, { laterMs: ago(600), lab: 'activemq-jdbc' })
  writeHistoryOnly(drills, '20261121-055900-embedded-kill', 0)
  writeHistoryOnly(drills, '20261119-100000-embedded-kill', 3_600_000)
  mkdirSync(join(drills, 'copied-by-hand'))
  writeFileSync(join(drills, 'copied-by-hand', 'result.json'), '{"schema": 1, "verdict"')
  const folder = '01-a-kill/run-01'
  writeSuiteFolder(
    drills,
    '20261120-200000-nightly',
    suiteOf([
      drillOf('activemq-jdbc-lease kill', [
        judgedRun(11_100, { folder }),
        judgedRun(44_200, {
          state: 'fail',
          reasons: ['b had the lock while a still served for 14.031 s: two masters at once (dual-master).'],
          folder: '01-a-kill/run-02',
        }),
      ]),
      drillOf('a partition', [SKIPPED]),
    ]),
  )
  writeDrillFolder(drills, `20261120-200000-nightly/${folder}`)
  const search = writtenSearch([direct(0, 210), direct(1, 260), direct(2, 240), run(0, 0, 300)])
  mkdirSync(join(drills, '20261120-180000-embedded-threshold'))
  writeFileSync(join(drills, '20261120-180000-embedded-threshold', 'threshold.json'), JSON.stringify(search))
}
