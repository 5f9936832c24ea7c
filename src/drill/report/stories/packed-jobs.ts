import type { AttemptOutcome } from '../../history.ts'
import { FATES, type JobEvent, type JobStory } from './job-stories.ts'

/**
 * All jobs of a run as a page carries them: one string of bytes, a record for each job in the order they
 * fell due, and a table of what the records refer to. `unpackJobs` and `unpackStory` read it, in the page too.
 */
export interface PackedJobs {
  /** Base64. */
  readonly records: string
  readonly table: PackedTable
}

export interface PackedTable {
  readonly count: number
  readonly everyUs: number
  /** Ids that are not the one before with its number one higher. */
  readonly ids: readonly string[]
  /** What index 0 stands for has no endpoint: no broker was connected. */
  readonly endpoints: readonly (string | null)[]
  readonly fates: readonly string[]
  /** False where a settled acknowledge was only written. */
  readonly acksConfirmed: boolean
}

/** The order gives each its number in a record. */
export const PACKED_TYPES = ['att', 'res', 'giveup', 'dlv', 'cack', 'cackok', 'unseen'] as const
export const PACKED_OUTCOMES: readonly AttemptOutcome[] = ['ack', 'ambiguous', 'refused', 'nack', 'returned']

export const RECORD = { literalId: 1, hasDue: 2, gaveUp: 4 } as const
/** Bits of an event's first number, above the three of its type and the three of its outcome. */
export const EVENT = { numbered: 64, elsewhere: 128 } as const

export interface PackOptions {
  /** Zero of every time, in nanoseconds of the history. */
  readonly originNs: number
  readonly everyMs: number
  readonly acksConfirmed: boolean
}

/** Times are kept to the microsecond, and what can be guessed from what stands before is left out. */
export function packJobs(stories: readonly JobStory[], options: PackOptions): PackedJobs {
  const out = new ByteWriter()
  const ids: string[] = []
  const endpoints: (string | null)[] = [null]
  const indexOf = new Map<string | null, number>([[null, 0]])
  const everyUs = Math.round(options.everyMs * 1000)
  const toUs = (ns: number): number => Math.round((ns - options.originNs) / 1000)
  let expectedId: string | undefined
  let dueUs = 0
  let endpointIndex = 0

  const endpointOf = (endpoint: string | null): number => {
    const known = indexOf.get(endpoint)
    if (known !== undefined) return known
    indexOf.set(endpoint, endpoints.length)
    return endpoints.push(endpoint) - 1
  }

  for (const story of stories) {
    const { job, fates } = story
    const guessed = job.id === expectedId
    const flags =
      (guessed ? 0 : RECORD.literalId) | (job.dueNs === null ? 0 : RECORD.hasDue) | (job.gaveUp ? RECORD.gaveUp : 0)
    out.number(flags)
    if (!guessed) out.number(ids.push(job.id) - 1)
    expectedId = nextId(job.id)
    if (job.dueNs !== null) {
      const us = toUs(job.dueNs)
      out.signed(us - dueUs - everyUs)
      dueUs = us
    }
    out.number(fates.reduce((mask, fate) => (fate === 'once' ? mask : mask | (1 << FATES.indexOf(fate))), 0))
    const events = packable(story)
    out.number(events.length)
    let atUs = dueUs
    let attempt = 0
    let deliveries = 0
    for (const { event, type, outcome, number, endpoint } of events) {
      if (type === 3) deliveries++
      const guess = guessNumber(type, attempt, deliveries)
      const place = endpoint === undefined ? endpointIndex : endpointOf(endpoint)
      const numbered = number !== guess
      const elsewhere = place !== endpointIndex
      out.number(type | (outcome << 3) | (numbered ? EVENT.numbered : 0) | (elsewhere ? EVENT.elsewhere : 0))
      if (numbered) out.number(number)
      if (elsewhere) out.number(place)
      const us = toUs(event)
      out.signed(us - atUs)
      atUs = us
      endpointIndex = place
      if (type === 0 || type === 6) attempt = number
    }
  }
  const table = { count: stories.length, everyUs, ids, endpoints, fates: FATES, acksConfirmed: options.acksConfirmed }
  return { records: out.base64(), table }
}

interface Packable {
  /** When, in nanoseconds of the history. */
  readonly event: number
  readonly type: number
  readonly outcome: number
  /** The attempt's or the delivery's; 0 where neither is meant. */
  readonly number: number
  /** Undefined where the event has none. */
  readonly endpoint: string | null | undefined
}

function packable({ job, events }: JobStory): readonly Packable[] {
  const outcomeOf = new Map(job.attempts.map((attempt) => [attempt.k, attempt.outcome]))
  const seen = new Set<number>()
  const packed: Packable[] = []
  for (const event of events) {
    const base = { event: event.t, outcome: 0, endpoint: undefined }
    switch (event.type) {
      case 'due':
        break
      case 'att':
        // A second line for the same attempt says nothing new.
        if (seen.has(event.k)) break
        seen.add(event.k)
        packed.push({
          ...base,
          type: 0,
          outcome: PACKED_OUTCOMES.indexOf(outcomeOf.get(event.k) ?? 'ambiguous'),
          number: event.k,
          endpoint: event.endpoint,
        })
        break
      case 'res':
        if (!seen.has(event.k)) {
          seen.add(event.k)
          const outcome = PACKED_OUTCOMES.indexOf(outcomeOf.get(event.k) ?? 'ambiguous')
          packed.push({ ...base, type: 6, outcome, number: event.k, endpoint: null })
        }
        packed.push({ ...base, type: 1, outcome: PACKED_OUTCOMES.indexOf(event.outcome), number: event.k })
        break
      case 'dlv':
        packed.push({
          ...base,
          type: 3,
          outcome: event.redelivered ? 1 : 0,
          number: event.k,
          endpoint: event.endpoint,
        })
        break
      case 'giveup':
      case 'cack':
      case 'cackok':
        packed.push({ ...base, type: PACKED_TYPES.indexOf(event.type), number: numberOf(event) })
    }
  }
  return packed
}

function numberOf(event: Extract<JobEvent, { type: 'giveup' | 'cack' | 'cackok' }>): number {
  return event.type === 'giveup' ? 0 : event.n
}

/** The number of an event that needs not be written: the next attempt, else the latest attempt or delivery. */
export function guessNumber(type: number, attempt: number, deliveries: number): number {
  if (type === 0 || type === 6) return attempt + 1
  if (type === 2) return 0
  return type === 1 || type === 3 ? attempt : deliveries
}

/** The id that follows where ids count up: `job-0009` gives `job-0010`. Undefined where there is no number. */
export function nextId(id: string): string | undefined {
  const tail = /\d{1,15}$/.exec(id)?.[0]
  if (tail === undefined) return undefined
  return id.slice(0, -tail.length) + String(Number(tail) + 1).padStart(tail.length, '0')
}

/** Numbers seven bits at a time, the lowest first. */
class ByteWriter {
  #bytes = new Uint8Array(4096)
  #length = 0

  number(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.#put((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.#put(rest)
  }

  signed(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value)
  }

  base64(): string {
    return Buffer.from(this.#bytes.subarray(0, this.#length)).toString('base64')
  }

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const wider = new Uint8Array(this.#bytes.length * 2)
      wider.set(this.#bytes)
      this.#bytes = wider
    }
    this.#bytes[this.#length++] = byte
  }
}
