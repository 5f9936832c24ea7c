import { type Random, seededRandom } from '../../../src/clock.ts'
import type { AttemptOutcome, HistoryBody, HistoryEvent } from '../../../src/drill/history.ts'
import { A, B, RUN } from '../../support/history.ts'

const OUTCOMES: readonly AttemptOutcome[] = ['ack', 'nack', 'returned', 'refused', 'ambiguous']

/** Chance, by a seed. */
class Dice {
  readonly #random: Random

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  chance(share: number): boolean {
    return this.#random() < share
  }

  upTo(most: number): number {
    return Math.floor(this.#random() * (most + 1))
  }

  of<T>(values: readonly T[]): T {
    return values[this.upTo(values.length - 1)] as T
  }

  shuffled<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, key: this.#random() }))
      .toSorted((one, other) => one.key - other.key)
      .map(({ value }) => value)
  }
}

/** A history of which no two events are at the same instant, since nothing would say which was first. */
class Writer {
  readonly events: HistoryEvent[] = []
  readonly #taken = new Set<number>()

  /** Returns the instant that it was put at: this one or the next free one. */
  put(atMs: number, body: HistoryBody): number {
    let t = Math.round(atMs * 1e6)
    while (this.#taken.has(t)) t++
    this.#taken.add(t)
    this.events.push({ t, wall: t / 1e6, ...body })
    return t / 1e6
  }
}

export interface RandomHistory {
  readonly events: readonly HistoryEvent[]
  readonly shuffled: readonly HistoryEvent[]
}

/**
 * What a drill could have written, and what none could: any number of outages, attempts with every outcome or with two,
 * copies of every kind in any order, jobs of other runs, failed drains; cut off in the middle, or with lines missing.
 */
export function randomHistory(seed: number): RandomHistory {
  const dice = new Dice(seed)
  const writer = new Writer()
  const everyMs = dice.of([5, 20, 50, 130])
  const jobs = 3 + dice.upTo(60)
  const lastsMs = jobs * everyMs
  const faultMs = lastsMs * (0.2 + 0.4 * (dice.upTo(100) / 100))
  writer.put(0, { type: 'run', schema: 1, runId: RUN, lab: 'embedded', fault: 'kill', seed, everyMs, phaseMs: 1 })
  const downs = Array.from({ length: dice.upTo(3) }, () => {
    const fromMs = faultMs + dice.upTo(300)
    return { fromMs, untilMs: fromMs + dice.upTo(lastsMs / 2) }
  })
  if (dice.chance(0.9)) hurt(dice, writer, faultMs)
  for (let index = 0; index < jobs; index++) {
    const calm = dice.chance(0.6)
    const isDown = (ms: number): boolean => downs.some(({ fromMs, untilMs }) => ms >= fromMs && ms < untilMs)
    job(dice, writer, `job-${index}`, index * everyMs + dice.upTo(2), isDown, calm)
  }
  for (let more = dice.upTo(3); more > 0; more--) {
    const id = dice.of(['job-0', 'job-1', 'nobody'])
    const runId = dice.of(['run-0', 'run-2', RUN])
    writer.put(dice.upTo(lastsMs), { type: 'dlv', id, runId, k: 1, redelivered: dice.chance(0.5), endpoint: A })
  }
  if (dice.chance(0.85)) writer.put(lastsMs * 3, { type: 'drain', ok: dice.chance(0.8), outstanding: 0 })
  const [run, ...rest] = writer.events
  const events = [run as HistoryEvent, ...damaged(dice, rest)]
  return { events, shuffled: dice.shuffled(events) }
}

function hurt(dice: Dice, writer: Writer, faultMs: number): void {
  writer.put(faultMs, { type: 'fault', name: 'kill', node: 'a', endpoint: A })
  const effectiveNs = Math.round((faultMs + dice.upTo(40)) * 1e6)
  if (dice.chance(0.9))
    writer.put(faultMs + 50, { type: 'proof', node: dice.of(['a', 'a', 'a', 'b']), effectiveNs, proof: [] })
  for (let more = dice.upTo(2); more > 0; more--) {
    const state = dice.of(['interrupted', 'resumed', 'failed', 'attempt-failed'] as const)
    const ms = faultMs - 50 + dice.upTo(200)
    writer.put(ms, { type: 'conn', client: dice.of(['producer', 'listener']), state, endpoint: A, reason: null })
  }
}

function job(
  dice: Dice,
  writer: Writer,
  id: string,
  dueMs: number,
  isDown: (ms: number) => boolean,
  calm: boolean,
): void {
  if (dice.chance(0.97)) writer.put(dueMs, { type: 'due', id, sequence: 1, dueNs: Math.round(dueMs * 1e6) })
  const attempts = dice.chance(0.05) ? 0 : calm ? 1 : 1 + dice.upTo(2)
  let ms = dueMs + dice.upTo(20) / 10
  for (let k = 1; k <= attempts; k++) {
    const down = isDown(ms)
    const endpoint = down && dice.chance(0.5) ? null : dice.of([A, B])
    writer.put(ms, { type: 'att', id, k, endpoint })
    const outcome = down && dice.chance(0.9) ? dice.of(OUTCOMES.slice(1)) : calm ? 'ack' : dice.of(OUTCOMES)
    let endMs = ms + 0.1 + dice.upTo(80) / 10
    if (dice.chance(0.95)) endMs = writer.put(endMs, { type: 'res', id, k, outcome })
    if (dice.chance(0.07)) writer.put(endMs + 1 + dice.upTo(200), { type: 'res', id, k, outcome: dice.of(OUTCOMES) })
    ms = endMs + 0.1 + dice.upTo(300)
  }
  if (!calm && dice.chance(0.3)) writer.put(ms, { type: 'giveup', id })
  const seldomLost = dice.chance(0.03) ? 0 : 1
  const copies = calm ? seldomLost : dice.upTo(4)
  let atMs = dueMs + 1 + dice.upTo(calm ? 10 : 400)
  for (let n = 1; n <= copies; n++) {
    const k = Math.max(1, calm ? attempts : 1 + dice.upTo(2))
    atMs = writer.put(atMs, {
      type: 'dlv',
      id,
      runId: RUN,
      k,
      redelivered: dice.chance(0.4),
      endpoint: dice.of([A, B]),
    })
    writer.put(atMs, { type: 'cack', id, n })
    if (dice.chance(0.7)) writer.put(atMs + dice.upTo(300) / 10, { type: 'cackok', id, n })
    atMs += 0.1 + dice.upTo(300) / 10
  }
}

/** Sometimes the end is missing, as when the drill was killed, and sometimes lines in between. */
function damaged(dice: Dice, events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const inTime = events.toSorted((one, other) => one.t - other.t)
  const whole = dice.chance(0.25) ? inTime.slice(0, dice.upTo(inTime.length)) : inTime
  return dice.chance(0.2) ? whole.filter(() => !dice.chance(0.05)) : whole
}
