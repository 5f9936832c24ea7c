import { countOf, sayMs } from './durations.ts'
import { summaryLine } from './objectives.ts'
import type { DrillResult } from './result.ts'

/**
 * A result as a person reads it in a terminal, in lines: the summary, the verdict with its reasons, what
 * was found, how long it took, and the fate of the jobs.
 */
export function summaryText(result: DrillResult): readonly string[] {
  return [
    summaryLine(result),
    `verdict: ${result.verdict}`,
    ...result.reasons.map((reason) => `  ${reason}`),
    ...result.findings.map((finding) => `- ${finding}`),
    ...times(result),
    ...jobs(result),
  ]
}

function times(result: DrillResult): readonly string[] {
  const { outage, latencyMs } = result
  const lines: string[] = []
  const producer = outage.producerMs
  if (producer) lines.push(`producer's outage: between ${sayMs(producer.lower)} and ${sayMs(producer.upper)}`)
  if (outage.consumerMs !== null) lines.push(`consumer's outage: ${sayMs(outage.consumerMs)}`)
  if (result.failoverMs !== null) {
    const parts = result.failoverParts.map(({ name, ms }) => `${name} ${sayMs(ms)}`)
    lines.push(`failover: ${sayMs(result.failoverMs)} = ${parts.join(' + ')}`)
  }
  if (result.recoveryMs !== null) lines.push(`recovery: ${sayMs(result.recoveryMs)}`)
  if (result.retryThresholdMs !== null) lines.push(`retry threshold: ${sayMs(result.retryThresholdMs)}`)
  if (latencyMs) {
    const { p50, p99, max } = latencyMs
    lines.push(`scheduled latency: p50 ${sayFinely(p50)}, p99 ${sayFinely(p99)}, max ${sayFinely(max)}`)
  }
  return lines
}

/** As measured, to the microsecond, while it is below a second. */
function sayFinely(ms: number): string {
  return ms < 1000 ? `${ms} ms` : sayMs(ms)
}

function jobs({ jobs }: DrillResult): readonly string[] {
  const { redelivery, resend, broker, postAck } = jobs.duplicated
  return [
    `${countOf(jobs.attempted, 'job')} attempted: ${jobs.acknowledged} acknowledged, ${jobs.failed} failed, ` +
      `${jobs.indeterminate} in doubt, ${jobs.lost ?? 'unknown'} lost, ${jobs.unexpected} unexpected, ` +
      `${jobs.reordered} reordered`,
    `duplicates: ${redelivery} redelivered, ${resend} resent, ${broker} by the broker, ${postAck} post-ack`,
  ]
}
