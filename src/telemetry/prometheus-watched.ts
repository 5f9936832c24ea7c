import { Gauge, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { LinkRole } from '../failover/status.ts'
import type { JobSources } from './job-sources.ts'
import { jobGauges } from './prometheus-job-gauges.ts'
import { namesIn } from './prometheus-names.ts'
import { type MetricsText, metricsText } from './prometheus-text.ts'

export interface WatchedSources extends JobSources {
  /** Which broker each link is up to. */
  readonly links: () => readonly { readonly role: LinkRole; readonly endpoint: string | undefined }[]
}

const CACHE_MS = 5000

/** Gauges of what somebody sees who only looks, such as a dashboard, in a register of their own. Resolves with its text. */
export function watchedMetrics({ links, ...sources }: WatchedSources, clock: Clock): () => Promise<MetricsText> {
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
  return () => metricsText(register)
}
