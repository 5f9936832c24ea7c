import type { DrillResult } from '../../result.ts'
import { RUN_STATES, type SuiteResult } from '../../suite/suite-result.ts'
import { BOUNDS, type Check, fields, listOf, number, object, orAbsent, orNull, text, wrongField } from '../../checks.ts'

/** Everything of a result that a comparison relies on; what version 0.1 did not have may be absent. */
const RESULT: Readonly<Record<string, Check>> = {
  verdict: (value) => value === 'pass' || value === 'fail' || value === 'unknown',
  reasons: listOf(text),
  findings: listOf(text),
  signs: orAbsent(listOf(text)),
  runId: text,
  target: fields({
    lab: text,
    brokers: listOf(fields({ name: text, version: text, endpoint: text })),
    settings: object,
  }),
  fault: fields({ name: text, node: text, injectedAt: orNull(text), phaseMs: number }),
  jobs: fields({
    attempted: number,
    acknowledged: number,
    failed: number,
    indeterminate: number,
    lost: orNull(number),
    recovered: number,
    resurrected: number,
    unexpected: number,
    reordered: number,
    duplicated: fields({ redelivery: number, resend: number, broker: number, postAck: number }),
  }),
  outage: fields({ producerMs: orNull(BOUNDS), consumerMs: orNull(number) }),
  detectionMs: orNull(number),
  failoverMs: orNull(number),
  failoverParts: listOf(fields({ name: text, ms: number })),
  recoveryMs: orNull(number),
  retryThresholdMs: orNull(number),
  latencyMs: orNull(fields({ p50: number, p99: number, max: number })),
  objectives: listOf(fields({ name: text, target: text, actual: text })),
  seed: number,
  versions: object,
  command: text,
  files: object,
}

const STATES: ReadonlySet<unknown> = new Set(RUN_STATES)

/** The same of a suite: its drills, and of their runs what each measured. */
const SUITE: Readonly<Record<string, Check>> = {
  verdict: (value) => value === 'pass' || value === 'fail' || value === 'unknown',
  plan: text,
  startedAt: text,
  command: text,
  versions: object,
  drills: listOf(
    fields({
      name: text,
      lab: text,
      fault: text,
      state: (value) => STATES.has(value),
      runs: listOf(
        fields({
          state: (value) => STATES.has(value),
          takenOverBy: orNull(text),
          outageMs: orNull(BOUNDS),
          failoverMs: orNull(number),
          recoveryMs: orNull(number),
          retryThresholdMs: orNull(number),
          jobs: orNull(fields({ attempted: number, acknowledged: number, failed: number, lost: orNull(number) })),
          signs: listOf(text),
        }),
      ),
    }),
  ),
}

/** What a `result.json` holds, or why the text is none, as a clause after `it`. */
export type Stored =
  | { readonly kind: 'drill'; readonly result: DrillResult }
  | { readonly kind: 'suite'; readonly suite: SuiteResult }
  | { readonly kind: 'wrong'; readonly wrong: string }

/** Reads the text of a `result.json`, of a drill or of a suite, of this version or of 0.1. */
export function parseStored(json: string): Stored {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return wrong('is not JSON')
  }
  if (!object(value)) return wrong('is not the result of a drill')
  const stored = value as Record<string, unknown>
  const { kind } = stored
  if (kind === 'threshold') return wrong('is a search for the retry threshold, and no result of a drill or a suite')
  if (!('verdict' in stored) || (kind !== 'suite' && !('runId' in stored))) return wrong('is not the result of a drill')
  if (stored['schema'] !== 1) return wrong('is not of schema 1, the one that this version reads')
  const field = wrongField(stored, kind === 'suite' ? SUITE : RESULT)
  if (field !== undefined) return wrong(`has no proper field ${field}`)
  return kind === 'suite'
    ? { kind, suite: stored as unknown as SuiteResult }
    : { kind: 'drill', result: stored as unknown as DrillResult }
}

function wrong(why: string): Stored {
  return { kind: 'wrong', wrong: why }
}
