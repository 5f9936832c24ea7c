/**
 * A shop front that enqueues and a worker that works, both as users have them and both with metrics, in which a known
 * number of jobs has come to each end and a broker has been lost.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Registry } from 'prom-client'
import { freePorts } from '../../infra/labs/free-ports.ts'
import { connect } from '../../src/connect.ts'
import { createApp } from '../../src/jobs/app.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { HeartbeatRegistry } from '../../src/jobs/worker/heartbeat.ts'
import { systemClock } from '../../src/clock.ts'
import { sqliteFailures } from '../../src/stores.ts'
import { serveMetrics } from '../../src/telemetry/metrics-endpoint.ts'
import { metricsText, prometheusJobMetrics, prometheusMetrics } from '../../src/telemetry/prometheus.ts'
import type { CommandEnd } from '../support/command.ts'
import { jobStage, until } from '../cli/jobs/job-stage.ts'

/** Each of them somewhere where it must not be shown from. */
export const SECRETS = {
  password: 'hunter2-is-secret',
  argument: 'argument-is-secret',
  error: 'error-is-secret',
} as const

const INDEX = new URL('../../src/index.ts', import.meta.url).href
const JOBS = `import { existsSync } from 'node:fs'
import { defineJob } from ${JSON.stringify(INDEX)}

export const resize = defineJob({
  name: 'resize',
  queue: 'images',
  retry: { attempts: 2, backoff: { type: 'fixed', delay: 0 } },
  async perform({ fails }) {
    if (fails && !existsSync(import.meta.dirname + '/fixed')) throw new Error('${SECRETS.error}')
  },
})
`

export interface Shop {
  /** `host:port` of the worker's own endpoint, and of the front's, which sees the workers by their heartbeats. */
  readonly targets: { readonly worker: string; readonly front: string }
  /** Has jobs come to every end; resolves when all of them have. */
  trade(): Promise<void>
  /** The broker in use dies, and both go on with the other. */
  loseBroker(): Promise<void>
  /** Every line that the front's connection and application logged. */
  readonly logged: readonly string[]
  /** Ends the worker, and resolves with all that it printed. */
  close(): Promise<CommandEnd>
}

/** What comes of it: see {@link Shop.trade}. */
export const TRADED = {
  enqueued: 11,
  started: 13,
  succeeded: 9,
  retried: 2,
  failed: 3,
  expired: 1,
  deduplicated: 1,
  requeued: 2,
} as const

export async function openShop(context: Pick<TestContext, 'after'>): Promise<Shop> {
  const stage = await jobStage('embedded')
  context.after(async () => await stage.close())
  const uri = stage.uri.replaceAll('stomp://', `stomp://operator:${SECRETS.password}@`)
  const file = join(stage.folder, 'shop.mts')
  writeFileSync(file, JOBS)
  const [port = 0] = await freePorts(1)
  const kept = join(stage.folder, 'shop.db')

  const logged: string[] = []
  const note = (level: string) => (fields: object, text: string) =>
    void logged.push(`${level} ${text} ${JSON.stringify(fields, (_, value: unknown) => shown(value))}`)
  const logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const register = new Registry()
  const job = defineJob({
    name: 'resize',
    queue: 'images',
    perform: async (args: { text: string; fails?: boolean }) => args.text,
  })
  const metrics = prometheusJobMetrics(register, { jobs: [job], cacheMs: 0 })
  const connection = await connect(uri, { logger, metrics: prometheusMetrics(register) })
  const app = createApp({ connection, logger, failures: sqliteFailures(kept), observer: metrics.observer })
  const workers = new HeartbeatRegistry({ connection, clock: systemClock })
  metrics.watch({ failures: app.failures, connection, queues: ['images'], workers })
  const front = await serveMetrics({ host: '127.0.0.1', port: 0, text: () => metricsText(register) })
  context.after(async () => {
    await front.close()
    await workers.close()
    await app.close()
    await connection.close()
  })
  await workers.start()
  const words = ['--metrics', `${port}`, '--name', 'shop', '--failures', kept, '--broker-wait', '30s']
  const worker = stage.start('worker', uri, '--jobs', file, '--json', ...words)
  await worker.saw('"ready"')

  const argument = (fails: boolean): { text: string; fails: boolean } => ({ text: SECRETS.argument, fails })
  return {
    targets: { worker: `127.0.0.1:${port}`, front: new URL(front.url).host },
    logged,
    async trade() {
      await app.enqueueMany(
        job,
        Array.from({ length: 6 }, () => argument(false)),
      )
      await app.enqueueMany(job, [argument(true), argument(true)])
      await app.enqueue(job, argument(false), { delay: 200, ttl: 1 })
      for (let copy = 0; copy < 2; copy++) await app.enqueue(job, argument(false), { dedupKey: 'once' })
      await until('three failures', async () => (await app.failures.count()) === 3)
      stage.touch('fixed')
      await app.failures.requeue('reason:exception')
      await until('two that were made good', async () => {
        const { failures } = await app.failures.search('status:retried')
        return failures.filter(({ resolvedAt }) => resolvedAt !== undefined).length === 2
      })
    },
    async loseBroker() {
      const active = await stage.lab.active()
      if (active === undefined) throw new Error('no broker serves')
      const resumed = new Promise<void>((resolve) => {
        connection.observe(({ type, role }) => {
          if (type === 'resumed' && role === 'listener') resolve()
        })
      })
      await stage.lab.kill(active)
      await resumed
      await worker.saw('resumed on')
    },
    async close() {
      worker.child.kill('SIGTERM')
      return await worker.ended
    },
  }
}

function shown(value: unknown): unknown {
  return value instanceof Error
    ? { ...Object.fromEntries(Object.entries(value)), name: value.name, message: value.message, stack: value.stack }
    : value
}
