import type { ArticleOutcome } from './article-outcome.ts'
import type { Outcomes } from './method.ts'

/** A time without service in one run, in milliseconds from the moment that the fault took effect. */
export interface Downtime {
  /** The first attempt that failed. */
  readonly fromMs: number
  /** The first good attempt afterwards; null when none came before the run ended, or none without the heal. */
  readonly untilMs: number | null
}

/** One run that was made, as it stands in `threshold.json`. Times are milliseconds. */
export interface TrialRecord {
  /** `direct-001`, `confirm-1-001`, `verify-001`: also its folder's name. */
  readonly key: string
  readonly kind: 'direct' | 'confirm' | 'verify'
  /** The candidate's number; 0 for a direct trial. */
  readonly stage: number
  /** From 0, within its kind and stage. */
  readonly index: number
  /** The random phase, and with it the moment of the fault, came from this. */
  readonly seed: number
  readonly phaseMs: number
  /** ISO 8601, wall time of the fault. */
  readonly at: string
  /** What was hurt. */
  readonly node: string
  readonly takenOverBy: string | null
  /** W, both its bounds; null when no job was held up, or the service was not back. */
  readonly outageMs: { readonly lower: number; readonly upper: number } | null
  /**
   * Between these lies for how long no job was confirmed, those that only hung included; `upper` is null when none was
   * any more. Null when no job fell due after the fault; absent in what earlier versions wrote.
   */
  readonly silentMs?: { readonly lower: number; readonly upper: number | null } | null
  readonly down: readonly Downtime[]
  /** r* of this run: of the probing jobs, and of the one-retry producer's too where it ran. Null when not known. */
  readonly thresholdMs: number | null
  /** For how long the measuring process itself stood still meanwhile; it has been added to `thresholdMs`. */
  readonly stalledMs: number
  /**
   * How the one-retry producer fared; null in a direct trial. It held when no job failed, and not only because the
   * measuring process stood still and retried late.
   */
  readonly article: (ArticleOutcome & { readonly atMs: number; readonly held: boolean }) | null
  /** What the run cost. */
  readonly tookMs: number
}

/** What the method needs to know of the runs. */
export function outcomesOf(trials: readonly TrialRecord[]): Outcomes {
  const direct: Outcomes['direct'][number][] = []
  const confirm: Outcomes['confirm'][number][] = []
  for (const { kind, stage, index, thresholdMs, article } of trials) {
    if (kind === 'direct') direct.push({ index, thresholdMs })
    if (kind === 'confirm' && article) confirm.push({ stage, index, held: article.held, thresholdMs })
  }
  return { direct, confirm }
}
