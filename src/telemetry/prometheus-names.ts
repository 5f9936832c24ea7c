import type { OpenMetricsContentType, Registry } from 'prom-client'
import { UnderstudyError } from '../errors.ts'

/** A register of prom-client, in either of its text formats. */
export type PrometheusRegister = Registry | Registry<OpenMetricsContentType>

/** What every metric of prom-client is made with. */
interface MetricConfiguration<Label extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames: Label[]
  readonly registers: PrometheusRegister[]
}

export type NameMetric = <Label extends string = never>(
  name: string,
  help: string,
  ...labelNames: Label[]
) => MetricConfiguration<Label>

/**
 * Names metrics of one register.
 *
 * @param advice what to do where the register has one of that name already.
 */
export function namesIn(register: PrometheusRegister, prefix: string, advice: string): NameMetric {
  return (name, help, ...labelNames) => {
    if (register.getSingleMetric(prefix + name)) {
      throw new UnderstudyError('invalid-option', `the register has ${prefix}${name} already; ${advice}`)
    }
    return { name: prefix + name, help, labelNames, registers: [register] }
  }
}
