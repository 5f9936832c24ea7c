import type { DrillResult } from '../../result.ts'

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    wrongField(value, checks) === undefined

const BOUNDS = fields({ lower: number, upper: number })

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

/** A stored result, or why the text is none, as a clause after `it`. */
export type StoredResult = { readonly result: DrillResult } | { readonly wrong: string }

/** Reads the text of a `result.json`, of this version or of 0.1. */
export function parseResult(json: string): StoredResult {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return { wrong: 'is not JSON' }
  }
  if (!object(value)) return { wrong: 'is not the result of a drill' }
  const stored = value as Record<string, unknown>
  if (!('verdict' in stored) || !('runId' in stored)) return { wrong: 'is not the result of a drill' }
  if (stored['schema'] !== 1) return { wrong: 'is not of schema 1, the one that this version reads' }
  const field = wrongField(stored, RESULT)
  if (field !== undefined) return { wrong: `has no proper field ${field}` }
  return { result: stored as unknown as DrillResult }
}

function wrongField(value: unknown, checks: Readonly<Record<string, Check>>): string | undefined {
  if (!object(value)) return Object.keys(checks)[0]
  const held = value as Record<string, unknown>
  return Object.keys(checks).find((name) => !checks[name]?.(held[name]))
}
