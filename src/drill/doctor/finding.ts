/** The worst first. */
export const SEVERITIES = ['problem', 'warning', 'note', 'fine'] as const

/**
 * - `problem`: jobs can be lost, served by two masters, or find nobody that serves them; or what was asked
 *   for cannot be met.
 * - `warning`: a failover will take longer or hurt more than it has to.
 * - `note`: worth knowing, and as it may be.
 * - `fine`: looked at, and as it should be.
 */
export type Severity = (typeof SEVERITIES)[number]

/** What a finding is about, in the order in which a person would look. */
const AREAS = ['brokers', 'cluster', 'queues', 'settings', 'client'] as const

export type Area = (typeof AREAS)[number]

export interface Finding {
  readonly severity: Severity
  readonly area: Area
  /** In kebab case; the same for the same thing in every run. */
  readonly code: string
  /** What is, as a sentence. */
  readonly is: string
  /** Why it matters, as a sentence, with its figure; null for what is fine. */
  readonly why: string | null
  /** What to do about it, as a sentence; null for what is fine. */
  readonly advice: string | null
}

/** By severity, then by area; within both as they came. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ severity, area }: Finding): number =>
    SEVERITIES.indexOf(severity) * AREAS.length + AREAS.indexOf(area)
  return findings.toSorted((one, other) => rank(one) - rank(other))
}

/** What stands in a finding that is as it should be. */
export function fine(area: Area, code: string, is: string): Finding {
  return { severity: 'fine', area, code, is, why: null, advice: null }
}

/** `a, b and c`, or the first five of them and how many more. */
export function listed(names: readonly string[]): string {
  const most = 5
  if (names.length > most) return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}
