import type { Prediction } from './fault.ts'

export type Verdict = 'pass' | 'fail' | 'unknown'

/** The fate of the jobs, each word as `docs/drills.md` defines it. */
export interface JobCounts {
  readonly attempted: number
  readonly acknowledged: number
  readonly failed: number
  /** Those of `failed` that no broker can hold: every attempt was refused by name, returned or never written. */
  readonly definitelyFailed: number
  readonly indeterminate: number
  /** Null when the drain failed: then nobody knows, and it is never called 0. */
  readonly lost: number | null
  readonly recovered: number
  readonly resurrected: number
  readonly unexpected: number
  readonly reordered: number
  /** Deliveries beyond a job's first, each counted once, under the first of post-ack, resend, redelivery, broker. */
  readonly duplicated: {
    readonly redelivery: number
    readonly resend: number
    readonly broker: number
    readonly postAck: number
  }
}

/** One part of the failover time, in the order they happened. Together they make up `failoverMs`. */
export interface FailoverPart {
  readonly name: 'detect' | 'lock' | 'promote' | 'reconnect' | 'elect' | 'confirm'
  readonly ms: number
}

export interface LatencySummary {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What was asked of the drill, and whether it was met; `met` is null when the history cannot say. */
export interface Objective {
  /** `takeover`, `RTO`, `RPO`, … */
  readonly name: string
  /** Empty where the name says it all. */
  readonly target: string
  readonly actual: string
  readonly met: boolean | null
}

/**
 * What a drill showed, as words to filter and compare by. Each has its sentence in `findings` or `reasons`.
 *
 * - `dual-master`: two brokers served at once where one may.
 * - `acked-but-unroutable`: jobs were confirmed while the queue's home was away, and never arrived: a black hole.
 * - `returned`: attempts came back from a broker that had no queue for them (`basic.return`).
 * - `stuck-consumer`: the listener was connected and got nothing, while confirmed jobs waited and others were confirmed.
 * - `blocked`: a broker told the producer that it reads nothing more, as with a memory or disk alarm.
 * - `duplicates`: jobs came more than once.
 * - `hang`, `refusal`, `reset`, `unreachable`: how the broker that was hurt answered probes, most often.
 * - `client-hang`, `client-refusal`, `client-reset`, `client-unreachable`: what the drill's own client met there, each
 *   that occurred. A dial that timed out and a connection that went silent are hangs.
 * - `off-prediction`: the outage was longer or shorter than the brokers' settings say.
 */
export type Sign =
  | 'dual-master'
  | 'acked-but-unroutable'
  | 'returned'
  | 'stuck-consumer'
  | 'blocked'
  | 'duplicates'
  | 'hang'
  | 'refusal'
  | 'reset'
  | 'unreachable'
  | 'client-hang'
  | 'client-refusal'
  | 'client-reset'
  | 'client-unreachable'
  | 'off-prediction'

/** `result.json`, and what `--json` prints. Times are milliseconds; null means it was not observed. */
export interface DrillResult {
  readonly schema: 1
  readonly verdict: Verdict
  /** Why the verdict is not `pass`, one sentence each; empty when it is. */
  readonly reasons: readonly string[]
  /** What a person should know whatever the verdict is, such as a hang that was told apart from a refusal. */
  readonly findings: readonly string[]
  /** The same in single words, each once, in the order of {@link Sign}; results of version 0.1 have none. */
  readonly signs: readonly Sign[]
  readonly runId: string
  readonly target: {
    readonly lab: string
    readonly brokers: readonly { readonly name: string; readonly version: string; readonly endpoint: string }[]
    readonly settings: Readonly<Record<string, string | number>>
  }
  readonly fault: {
    readonly name: string
    /** A broker's name, or what else was hurt; empty when nothing was. */
    readonly node: string
    /** What it suffered, as in `a was killed`. */
    readonly done: string
    /** ISO 8601, wall time. */
    readonly injectedAt: string | null
    readonly provenAt: string | null
    readonly proof: readonly string[]
    readonly phaseMs: number
  }
  /** How long jobs should not have flowed, by the brokers' own settings; null where they say nothing. */
  readonly predicted: Prediction | null
  /** The lock or the lead of the queue changing hands, or whatever the brokers say of who serves. */
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
    /** Null when no attempt failed after the fault, or none succeeded afterwards; `findings` says which. */
    readonly producerMs: { readonly lower: number; readonly upper: number } | null
    readonly consumerMs: number | null
    /**
     * The longest time after the fault in which no job was confirmed: also of jobs that hang, which have not failed.
     * `upper` is null when none was confirmed any more. Null when no job fell due after the fault.
     */
    readonly withoutConfirmMs: { readonly lower: number; readonly upper: number | null } | null
  }
  /** The longest time in which two brokers served where one may, counted from the fault; null when there was none. */
  readonly dualMaster: {
    readonly nodes: readonly [string, string]
    readonly fromMs: number
    readonly untilMs: number
  } | null
  /** Until the client knew. */
  readonly detectionMs: number | null
  /** Until the brokers showed it: the first marker after the fault. */
  readonly clusterDetectionMs: number | null
  /**
   * The node whose confirm ended the failover, or, where every node serves, the queue's new leader; null when
   * nobody took over.
   */
  readonly takenOverBy: string | null
  readonly failoverMs: number | null
  readonly failoverParts: readonly FailoverPart[]
  /** Until errors, latency and backlog were back in bounds and stayed so for a whole window. */
  readonly recoveryMs: number | null
  /** How long before the fault the oldest lost job had been confirmed; null when nothing is known to be lost. */
  readonly recoveryPointMs: number | null
  /** The smallest threshold at which no job of this run would have failed, by replay of its schedule. */
  readonly retryThresholdMs: number | null
  /** Confirm time minus due time over all acknowledged jobs. */
  readonly latencyMs: LatencySummary | null
  readonly objectives: readonly Objective[]
  readonly seed: number
  readonly versions: Readonly<Record<string, string>>
  readonly command: string
  readonly files: {
    readonly events: string
    /** Null when a stored history was judged again. */
    readonly report: string | null
    readonly result: string | null
    /** Absent where none was written. */
    readonly junit?: string
    readonly logs: readonly string[]
  }
}

/** What a history says by itself: a result without the circumstances of the run. */
export interface Judgement extends Omit<DrillResult, 'schema' | 'target' | 'versions' | 'command' | 'files'> {
  readonly lab: string
  /** As the history names them; empty when it does not. */
  readonly brokers: DrillResult['target']['brokers']
}

/** The circumstances of a run. */
export interface ResultContext extends Pick<DrillResult, 'versions' | 'command' | 'files'> {
  /** Defaults to those that the history names. */
  readonly brokers?: DrillResult['target']['brokers']
  /** Settings of the brokers that decide a takeover. Defaults to none. */
  readonly settings?: DrillResult['target']['settings']
}

/** Puts a judgement and its circumstances into the form of `result.json`. */
export function toResult(judgement: Judgement, context: ResultContext): DrillResult {
  const { lab, brokers, verdict, reasons, findings, signs, runId, ...measured } = judgement
  const { versions, command, files } = context
  const target = { lab, brokers: context.brokers ?? brokers, settings: context.settings ?? {} }
  return { schema: 1, verdict, reasons, findings, signs, runId, target, ...measured, versions, command, files }
}
