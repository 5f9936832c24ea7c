import { BOUNDS, type Check, fields, listOf, number, object, orAbsent, orNull, text, wrongField } from '../../checks.ts'
import { parseSearch, type Search } from '../../threshold/search-file.ts'
import type { Stored } from './stored-result.ts'

/** What can be compared with another of its kind. */
export type Comparable =
  | Exclude<Stored, { readonly kind: 'wrong' }>
  | { readonly kind: 'threshold'; readonly search: Search }

const flag: Check = (value) => typeof value === 'boolean'

/** What a comparison relies on beyond what a search needs to go on. */
const SEARCH: Readonly<Record<string, Check>> = {
  trial: fields({ fault: text, everyMs: number, jobEveryMs: number, deadlineMs: number, holdMs: number }),
  verify: orNull(fields({ atMs: number, runs: number, early: flag })),
  target: orNull(
    fields({
      lab: text,
      brokers: listOf(fields({ name: text, version: text, endpoint: text })),
      settings: object,
      predicted: orNull(fields({ lowerMs: number, upperMs: orNull(number), because: text })),
    }),
  ),
  trials: listOf(
    fields({
      phaseMs: number,
      at: text,
      outageMs: orNull(BOUNDS),
      silentMs: orAbsent(orNull(fields({ lower: number, upper: orNull(number) }))),
    }),
  ),
  versions: object,
  command: text,
  claim: orNull(
    fields({
      text,
      pass: number,
      confidence: number,
      thresholdMs: orNull(number),
      trials: number,
      confirmed: orNull(fields({ held: number, failureAtMost: number })),
      raised: number,
      asWanted: flag,
      shortOf: listOf(text),
    }),
  ),
  measured: orNull(
    fields({
      outages: number,
      known: number,
      leastMs: number,
      medianMs: number,
      greatestMs: number,
      atPassMs: orNull(number),
    }),
  ),
  schedules: listOf(fields({ schedule: text, spanMs: number, outages: number, failed: number, failureAtMost: number })),
}

/** Reads the text of a `threshold.json`, or says why it is none, as a clause after `it`. */
export function parseStoredThreshold(json: string): { readonly search: Search } | { readonly wrong: string } {
  const search = parseSearch(json)
  if (search === undefined) return { wrong: 'is not a threshold search of schema 1, the one that this version reads' }
  const field = wrongField(search, SEARCH)
  return field === undefined ? { search } : { wrong: `has no proper field ${field}` }
}
