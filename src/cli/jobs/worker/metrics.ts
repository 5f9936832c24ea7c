import type { Connection } from '../../../connection.ts'
import { messageOf, UnderstudyError } from '../../../errors.ts'
import type { FailureDesk } from '../../../jobs/failures/desk.ts'
import type { Job } from '../../../jobs/job.ts'
import type { JobObserver } from '../../../jobs/job-events.ts'
import type { Worker } from '../../../jobs/worker.ts'
import type { ClientMetrics } from '../../../telemetry/metrics.ts'
import { type MetricsEndpoint, serveMetrics } from '../../../telemetry/metrics-endpoint.ts'
import type * as Prometheus from '../../../telemetry/prometheus.ts'
import { Exit, EXIT } from '../../exit-code.ts'
import { namingOption } from '../../taken-port.ts'
import { plainLine } from '../../terminal/text-table.ts'
import type { MetricsAddress } from './metrics-address.ts'

const PACKAGE = 'prom-client'

/** What a worker shows of itself, its queues and the failures that it keeps. */
export interface WorkerMetrics extends MetricsEndpoint {
  readonly client: ClientMetrics
  readonly observer: JobObserver
  watch(worker: Worker, connection: Connection, failures: FailureDesk | undefined): void
}

/**
 * Listens before there is a worker. What job files put into prom-client's own register is shown too.
 *
 * @throws UnderstudyError `unsupported` without prom-client, `invalid-option` when it cannot listen; Exit for a
 * prom-client that cannot be loaded.
 */
export async function openWorkerMetrics(address: MetricsAddress, jobs: readonly Job[]): Promise<WorkerMetrics> {
  const { metricsText, prometheusJobMetrics, prometheusMetrics } = await loadPrometheus()
  const client = prometheusMetrics()
  const { observer, watch } = prometheusJobMetrics(undefined, { jobs })
  const endpoint = await serveMetrics({ ...address, text: () => metricsText() }).catch(namingOption('--metrics'))
  return {
    ...endpoint,
    client,
    observer,
    watch(worker, connection, failures) {
      const queues = worker.describe().queues.map(({ queue }) => queue)
      const workers = { workers: () => [worker.describe()] }
      watch({ connection, queues, workers, ...(failures === undefined ? {} : { failures }) })
    },
  }
}

async function loadPrometheus(): Promise<typeof Prometheus> {
  try {
    return await import('../../../telemetry/prometheus.ts')
  } catch (cause) {
    if (isMissing(cause))
      throw new UnderstudyError('unsupported', `--metrics needs the package ${PACKAGE}: npm install ${PACKAGE}`, {
        cause,
      })
    throw new Exit(EXIT.broken, `--metrics: ${PACKAGE} cannot be loaded: ${plainLine(messageOf(cause))}`)
  }
}

/** Whether it is that package which is not there, and not something that it needs itself. */
function isMissing(cause: unknown): boolean {
  if (!(cause instanceof Error && 'code' in cause) || cause.code !== 'ERR_MODULE_NOT_FOUND') return false
  return cause.message.includes(`'${PACKAGE}'`)
}
