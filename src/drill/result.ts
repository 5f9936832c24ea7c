import type { FaultName } from './broker-control.ts'

export type Verdict = 'pass' | 'fail' | 'unknown'

/** The fate of the jobs, each word as `docs/drills.md` defines it. */
export interface JobCounts {
  readonly attempted: number
  readonly acknowledged: number
  readonly failed: number
  readonly indeterminate: number
  readonly lost: number
  readonly recovered: number
  readonly resurrected: number
  readonly unexpected: number
  readonly reordered: number
  readonly duplicated: {
    readonly redelivery: number
    readonly resend: number
    readonly broker: number
    readonly postAck: number
  }
}

/** One part of the failover time, in the order they happened. Together they make up `failoverMs`. */
export interface FailoverPart {
  readonly name: 'detect' | 'lock' | 'promote' | 'reconnect' | 'confirm'
  readonly ms: number
}

export interface LatencySummary {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** `result.json`, and what `--json` prints. Times are milliseconds; null means it was not observed. */
export interface DrillResult {
  readonly schema: 1
  readonly verdict: Verdict
  /** Why the verdict is not `pass`, one sentence each; empty when it is. */
  readonly reasons: readonly string[]
  /** What a person should know whatever the verdict is, such as a hang that was told apart from a refusal. */
  readonly findings: readonly string[]
  readonly runId: string
  readonly target: {
    readonly lab: string
    readonly brokers: readonly { readonly name: string; readonly version: string; readonly endpoint: string }[]
    readonly settings: Readonly<Record<string, string | number>>
  }
  readonly fault: {
    readonly name: FaultName
    readonly node: string
    /** ISO 8601, wall time. */
    readonly injectedAt: string | null
    readonly provenAt: string | null
    readonly proof: readonly string[]
    readonly phaseMs: number
  }
  /** The lock changing hands, or whatever the brokers say of who serves. */
  readonly markers: readonly {
    readonly kind: string
    readonly node: string | null
    readonly source: string
    readonly at: string
    readonly afterFaultMs: number | null
    readonly detail: string
  }[]
  readonly jobs: JobCounts
  readonly outage: {
    readonly producerMs: { readonly lower: number; readonly upper: number } | null
    readonly consumerMs: number | null
  }
  readonly detectionMs: number | null
  readonly failoverMs: number | null
  readonly failoverParts: readonly FailoverPart[]
  readonly recoveryMs: number | null
  /** The smallest threshold at which no job of this run would have failed, by replay of its schedule. */
  readonly retryThresholdMs: number | null
  /** Confirm time minus due time over all acknowledged jobs. */
  readonly latencyMs: LatencySummary | null
  readonly objectives: readonly {
    readonly name: string
    readonly target: string
    readonly actual: string
    readonly met: boolean | null
  }[]
  readonly seed: number
  readonly versions: Readonly<Record<string, string>>
  readonly command: string
  readonly files: {
    readonly events: string
    readonly report: string
    readonly result: string
    readonly logs: readonly string[]
  }
}
