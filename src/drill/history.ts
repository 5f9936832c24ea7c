import type { MarkerKind, Topology } from './broker-control.ts'
import type { Expectation, Prediction, ProbeFinding } from './fault.ts'

/** How one attempt to send a job ended. No result by the end of the run counts as `ambiguous`. */
export type AttemptOutcome =
  /** The broker confirmed it. */
  | 'ack'
  /** The broker refused it by name. */
  | 'nack'
  /** The broker had no queue for it. */
  | 'returned'
  /** No byte of it was written. */
  | 'refused'
  /** Bytes were written, then the connection ended or the time ran out. */
  | 'ambiguous'

/** When an event happened: one process, one clock. */
interface Stamp {
  /** Monotonic nanoseconds since the run began, a whole number. */
  readonly t: number
  /** Wall time in milliseconds since the epoch. */
  readonly wall: number
}

/** What became of a client's connection. */
export type ConnectionState =
  | 'connected'
  | 'interrupted'
  | 'attempt-failed'
  | 'resumed'
  | 'failed'
  | 'closed'
  | 'blocked'
  | 'unblocked'

/** What is asked of a drill. It stands in the history, so that judging it again asks the same. */
export interface Objectives {
  /** The longest that the recovery may take, in milliseconds. Defaults to no such target. */
  readonly rtoMs?: number
  /** How many acknowledged jobs may be lost. Defaults to 0. */
  readonly rpoJobs?: number
  /** How many jobs may fail. Defaults to 0. */
  readonly failedJobs?: number
  /** Whether a job delivered twice fails the drill. Defaults to false: at least once is the promise. */
  readonly exactlyOnce?: boolean
  /** How long everything must stay in bounds to count as recovered, in milliseconds. Defaults to 10,000. */
  readonly windowMs?: number
}

export type HistoryBody =
  | {
      /** The first line of a history: what was run. */
      readonly type: 'run'
      readonly schema: 1
      readonly runId: string
      readonly lab: string
      /** Absent for `lock`. */
      readonly topology?: Topology
      /** False where the protocol has no answer to an acknowledge (AMQP): `cackok` then means that it was written. */
      readonly acksConfirmed?: boolean
      readonly fault: string
      /** What the brokers' settings say of it; absent where they say nothing. */
      readonly predicted?: Prediction
      readonly seed: number
      readonly everyMs: number
      /** The random phase drawn from the seed: how long after steady state the fault came. */
      readonly phaseMs: number
      readonly objectives?: Objectives
      readonly brokers?: readonly { readonly name: string; readonly version: string; readonly endpoint: string }[]
      /** Where the clients connect; absent where that is to the brokers themselves. */
      readonly entrances?: readonly { readonly name: string; readonly endpoint: string }[]
    }
  /** A job fell due; `dueNs` is its place on the schedule in the units of `t`. */
  | { readonly type: 'due'; readonly id: string; readonly sequence: number; readonly dueNs: number }
  /** Attempt `k` (from 1) began. `endpoint` is null when no broker was connected. */
  | { readonly type: 'att'; readonly id: string; readonly k: number; readonly endpoint: string | null }
  | { readonly type: 'res'; readonly id: string; readonly k: number; readonly outcome: AttemptOutcome }
  /** The producer gave the job up; no attempt follows. */
  | { readonly type: 'giveup'; readonly id: string }
  | {
      /** The listener was handed a copy, sent by attempt `k` of run `runId`. */
      readonly type: 'dlv'
      readonly id: string
      readonly runId: string
      readonly k: number
      readonly redelivered: boolean
      readonly endpoint: string
    }
  /** The listener acknowledged its `n`-th delivery (from 1) of this job. */
  | { readonly type: 'cack'; readonly id: string; readonly n: number }
  /** That acknowledge was confirmed by the broker, as far as its protocol does that. */
  | { readonly type: 'cackok'; readonly id: string; readonly n: number }
  | {
      /** The command that hurts the broker, or what it leans on, was given. */
      readonly type: 'fault'
      readonly name: string
      /** What was hurt: a broker's name, or the word for something else, such as `database`. */
      readonly node: string
      /** That broker's; null when it is no one broker. */
      readonly endpoint: string | null
      /** What it suffered, as in `a was killed`. Absent in what version 0.1 wrote: told from the name. */
      readonly done?: string
      /** How clients are to be served again. Absent in what version 0.1 wrote: told from name and topology. */
      readonly expects?: Expectation
    }
  /** The fault was seen to have taken effect; `effectiveNs` is when, in the units of `t`. */
  | {
      readonly type: 'proof'
      readonly node: string
      readonly effectiveNs: number
      readonly proof: readonly string[]
    }
  | {
      /** The fault was undone: `t` is when that was over, as when a broker that is started answers. */
      readonly type: 'heal'
      readonly node: string
      readonly how: string
      /** When it was ordered, in the units of `t`. Absent in what version 0.1 wrote. */
      readonly orderedNs?: number
    }
  | {
      readonly type: 'conn'
      readonly client: 'producer' | 'listener'
      /** `blocked`: the broker reads nothing more from it for now, as with an alarm; `unblocked`: it reads on. */
      readonly state: ConnectionState
      readonly endpoint: string | null
      /** The error code, for `interrupted`, `attempt-failed` and `failed`; the broker's own words for `blocked`. */
      readonly reason: string | null
    }
  | { readonly type: 'probe'; readonly node: string; readonly endpoint: string; readonly finding: ProbeFinding }
  | {
      readonly type: 'marker'
      readonly kind: MarkerKind
      readonly node: string | null
      readonly source: string
      readonly toleranceMs: number
      readonly detail: string
      /** When it happened by the source's own account, in the units of `t`. */
      readonly atNs: number
    }
  /** The drill's own process stood still for `forNs` until now: what it measured meanwhile is its own delay. */
  | { readonly type: 'stall'; readonly forNs: number }
  /** An abort condition was met after the fault, which one, as a sentence without its full stop; the heal came at once. */
  | { readonly type: 'abort'; readonly why: string }
  /** The drill ended before it came to its fault, and why, as a sentence without its full stop. */
  | { readonly type: 'stopped'; readonly why: string }
  /** The ticker stopped, and every acknowledged job was waited for. */
  | { readonly type: 'drain'; readonly ok: boolean; readonly outstanding: number }

export type HistoryEvent = Stamp & HistoryBody
