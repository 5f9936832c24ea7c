import { register as defaultRegister } from 'prom-client'
import type { PrometheusRegister } from './prometheus-names.ts'

/** What a scrape is answered with. */
export interface MetricsText {
  readonly contentType: string
  readonly body: string
}

/** All of a register as text. `register` defaults to prom-client's own. */
export async function metricsText(register: PrometheusRegister = defaultRegister): Promise<MetricsText> {
  return { contentType: register.contentType, body: await register.metrics() }
}
