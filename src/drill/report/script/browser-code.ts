import { confirmOf, isConfirmed } from '../../checker/jobs-ledger.ts'
import { formatCount } from '../../checker/exact-durations.ts'
import { formatMs, formatOffset, formatSeconds, trimZero } from '../durations.ts'
import { WHY_PARTS } from '../stories/fate-words.ts'
import { EVENT, guessNumber, nextId, PACKED_OUTCOMES, PACKED_TYPES, RECORD } from '../stories/packed-jobs.ts'
import { LONE_SURROGATE, printable, printableLine, spell, UNPRINTABLE } from '../../../page/printable.ts'
import { OUTCOME_WORDS, stepInWords, storySteps } from '../stories/story-steps.ts'
import { readEvents, readNumber, readSigned, unpackJobs, unpackStory } from '../stories/unpacked-jobs.ts'

// A page tells a job's story in the words that the report without script has, so both are one piece of code: what
// is named here stands in the page as it stands in its module. Each function calls only others of this list.
const SHARED: Readonly<Record<string, unknown>> = {
  EVENT,
  RECORD,
  PACKED_TYPES,
  PACKED_OUTCOMES,
  OUTCOME_WORDS,
  UNPRINTABLE,
  LONE_SURROGATE,
  ...WHY_PARTS,
  confirmOf,
  isConfirmed,
  formatCount,
  formatMs,
  formatOffset,
  formatSeconds,
  trimZero,
  guessNumber,
  nextId,
  printable,
  printableLine,
  spell,
  stepInWords,
  storySteps,
  readEvents,
  readNumber,
  readSigned,
  unpackJobs,
  unpackStory,
}

/** The functions and constants that a page shares with this package, as a script. */
export function sharedScript(): string {
  return Object.entries(SHARED)
    .map(([name, value]) => (typeof value === 'function' ? String(value) : `const ${name} = ${literal(value)}`))
    .join('\n')
}

function literal(value: unknown): string {
  return value instanceof RegExp ? String(value) : JSON.stringify(value)
}
