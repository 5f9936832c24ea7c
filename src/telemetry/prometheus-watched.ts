import { Counter, Gauge, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { LinkRole } from '../failover/status.ts'
import type { JobLabel } from './job-labels.ts'
import type { JobSources } from './job-sources.ts'
import { jobGauges } from './prometheus-job-gauges.ts'
import { namesIn } from './prometheus-names.ts'
import { type MetricsText, metricsText } from './prometheus-text.ts'

export interface WatchedSources extends JobSources {
  /** Which broker each link is up to. */
  readonly links: () => readonly { readonly role: LinkRole; readonly endpoint: string | undefined }[]
  /** How many failed jobs were sent back from here, so far. */
  readonly requeued: () => readonly (JobLabel & { readonly count: number })[]
}

const CACHE_MS = 5000

/**
 * Gauges of what somebody sees who looks from outside, such as a dashboard, and what they have sent back, in a register
 * of their own. Resolves with its text.
 */
export function watchedMetrics(
  { links, requeued, ...sources }: WatchedSources,
  clock: Clock,
): () => Promise<MetricsText> {
  const register = new Registry()
  const own = namesIn(register, 'understudy_', 'it is a register of its own')
  jobGauges(own, { cacheMs: CACHE_MS, clock }).watch(sources)
  const known = new Set<string>()
  const connected = new Gauge({
    ...own('broker_connected', 'Links that are up to a broker.', 'broker', 'role'),
    collect: () => {
      for (const { endpoint } of links()) if (endpoint !== undefined) known.add(endpoint)
      for (const { role, endpoint } of links())
        for (const broker of known) connected.set({ broker, role }, broker === endpoint ? 1 : 0)
    },
  })
  const sentBack = new Counter({
    ...own('jobs_requeued_total', 'Failed jobs that an operator sent back.', 'queue', 'job'),
    collect: () => {
      sentBack.reset()
      for (const { queue, job, count } of requeued()) sentBack.inc({ queue, job }, count)
    },
  })
  return () => metricsText(register)
}
