import type { Expectation, ProbeFinding } from '../../src/drill/fault.ts'
import type { AttemptOutcome, ConnectionState, HistoryBody, HistoryEvent } from '../../src/drill/history.ts'

export const A = 'stomp://127.0.0.1:61613'
export const B = 'stomp://127.0.0.1:61614'
export const RUN = 'run-1'
const BEGAN_AT = Date.UTC(2026, 0, 1)

type RunLine = Extract<HistoryBody, { type: 'run' }>

/**
 * A history written by hand, every time in milliseconds since the run began. Brokers are `a` at {@link A}
 * and `b` at {@link B}; where a test says nothing, `a` serves and is hurt.
 */
export class WrittenHistory {
  readonly events: HistoryEvent[] = []
  readonly #deliveries = new Map<string, number>()
  readonly #everyMs: number
  readonly #fault: string

  constructor(run: Partial<RunLine> = {}) {
    const line: RunLine = {
      type: 'run',
      schema: 1,
      runId: RUN,
      lab: 'embedded',
      fault: 'kill',
      seed: 7,
      everyMs: 50,
      phaseMs: 100,
      brokers: [
        { name: 'a', version: 'embedded 0.1.0', endpoint: A },
        { name: 'b', version: 'embedded 0.1.0', endpoint: B },
      ],
      ...run,
    }
    this.#everyMs = line.everyMs
    this.#fault = line.fault
    this.at(0, line)
  }

  at(ms: number, body: HistoryBody): this {
    this.events.push({ t: Math.round(ms * 1e6), wall: BEGAN_AT + Math.round(ms), ...body })
    return this
  }

  due(id: string, ms: number): this {
    return this.at(ms, { type: 'due', id, sequence: 1, dueNs: Math.round(ms * 1e6) })
  }

  /** One attempt; without an outcome no result was ever written. */
  attempt(id: string, ms: number, { k = 1, by = A, outcome, endMs = ms + 4 }: AttemptNote = {}): this {
    this.at(ms, { type: 'att', id, k, endpoint: by })
    return outcome === undefined ? this : this.at(endMs, { type: 'res', id, k, outcome })
  }

  giveUp(id: string, ms: number): this {
    return this.at(ms, { type: 'giveup', id })
  }

  /** One delivery, acknowledged at once; the broker confirms that a millisecond later. */
  delivered(id: string, ms: number, note: DeliveryNote = {}): this {
    const { k = 1, redelivered = false, runId = RUN, by = A, ackConfirmed = true } = note
    const n = (this.#deliveries.get(id) ?? 0) + 1
    this.#deliveries.set(id, n)
    this.at(ms, { type: 'dlv', id, runId, k, redelivered, endpoint: by })
    this.at(ms, { type: 'cack', id, n })
    return ackConfirmed ? this.at(ms + 1, { type: 'cackok', id, n }) : this
  }

  /** A job without trouble: due and sent at once, confirmed after 4 ms, delivered after 6. */
  job(id: string, ms: number, by: string = A): this {
    return this.due(id, ms)
      .attempt(id, ms, { by, outcome: 'ack' })
      .delivered(id, ms + 6, { by })
  }

  /** Jobs without trouble on the schedule, from `fromMs` until before `untilMs`. */
  jobs(fromMs: number, untilMs: number, by: string = A): this {
    for (let ms = fromMs; ms < untilMs; ms += this.#everyMs) this.job(`job-at-${ms}`, ms, by)
    return this
  }

  fault(ms: number, name: string = 'kill', node = 'a', proven = true): this {
    this.at(ms, { type: 'fault', name, node, endpoint: node === 'a' ? A : B })
    if (!proven) return this
    return this.at(ms, { type: 'proof', node, effectiveNs: Math.round(ms * 1e6), proof: ['the process is gone'] })
  }

  /** Any fault, proven at once, of whatever; without an endpoint it hits no one broker. */
  hurt(ms: number, note: FaultNote): this {
    const { node, endpoint = null, name = this.#fault, done, expects = 'service' } = note
    this.at(ms, { type: 'fault', name, node, endpoint, done, expects })
    return this.at(ms, { type: 'proof', node, effectiveNs: Math.round(ms * 1e6), proof: ['seen'] })
  }

  heal(ms: number, node = 'a'): this {
    return this.at(ms, { type: 'heal', node, how: 'started again' })
  }

  probe(ms: number, node: 'a' | 'b', finding: ProbeFinding): this {
    return this.at(ms, { type: 'probe', node, endpoint: node === 'a' ? A : B, finding })
  }

  /** Probes of one node, all with the same finding, each 100 ms from `fromMs` to `untilMs`. */
  probes(fromMs: number, untilMs: number, node: 'a' | 'b', finding: ProbeFinding): this {
    for (let ms = fromMs; ms <= untilMs; ms += 100) this.probe(ms, node, finding)
    return this
  }

  /** The lock changed hands, as was seen at `ms` and happened at `atMs` by the source's own account. */
  lockTaken(ms: number, node: 'a' | 'b' = 'b', note: { atMs?: number; toleranceMs?: number } = {}): this {
    const { atMs = ms, toleranceMs = 10 } = note
    return this.at(ms, {
      type: 'marker',
      kind: 'lock-acquired',
      node,
      source: 'log',
      toleranceMs,
      detail: `${node} has the lock`,
      atNs: Math.round(atMs * 1e6),
    })
  }

  producerIs(state: ConnectionState, ms: number, endpoint: string, reason?: string): this {
    return this.#client('producer', state, ms, endpoint, reason)
  }

  listenerIs(state: ConnectionState, ms: number, endpoint: string, reason?: string): this {
    return this.#client('listener', state, ms, endpoint, reason)
  }

  #client(client: 'producer' | 'listener', state: ConnectionState, ms: number, endpoint: string, why?: string): this {
    const reason = why ?? (state === 'interrupted' ? 'link-lost' : null)
    return this.at(ms, { type: 'conn', client, state, endpoint, reason })
  }

  drain(ms: number, ok = true): this {
    return this.at(ms, { type: 'drain', ok, outstanding: ok ? 0 : 1 })
  }
}

interface FaultNote {
  readonly node: string
  readonly endpoint?: string | null
  readonly name?: string
  readonly done: string
  readonly expects?: Expectation
}

interface AttemptNote {
  readonly k?: number
  readonly by?: string | null
  readonly outcome?: AttemptOutcome
  readonly endMs?: number
}

interface DeliveryNote {
  readonly k?: number
  readonly redelivered?: boolean
  readonly runId?: string
  readonly by?: string
  readonly ackConfirmed?: boolean
}

/**
 * A drill that passes: steady until 1,000 ms, `a` killed then, `b` takes the lock at 1,200, serves at
 * 1,230, the producer is on it at 1,240 and has its first confirm at 1,250; then steady until 12,500.
 */
export function takeover(run: Partial<RunLine> = {}): WrittenHistory {
  const history = new WrittenHistory(run)
    .producerIs('connected', 0, A)
    .jobs(0, 1000)
    .fault(1000)
    .producerIs('interrupted', 1002, A)
    .lockTaken(1200)
    .probe(1230, 'b', 'serving')
    .producerIs('resumed', 1240, B)
  for (let ms = 1000; ms < 1250; ms += 50) {
    const id = `job-at-${ms}`
    history.due(id, ms)
    // The first is under way as the connection breaks; the others find none.
    if (ms === 1000) history.attempt(id, ms, { outcome: 'ambiguous', endMs: 1002 })
    else history.attempt(id, ms, { by: null, outcome: 'refused', endMs: ms })
    history.attempt(id, 1242, { k: 2, by: B, outcome: 'ack', endMs: 1250 + ms / 1000 - 1 })
    history.delivered(id, 1252 + ms / 1000, { k: 2, by: B })
  }
  return history.jobs(1250, 12_500, B).drain(13_000)
}

/** What a scripted broker does: it is up but in these times. */
export interface ScriptedBroker {
  readonly everyMs: number
  /** From a send to its confirm. */
  readonly roundTripMs: number
  /** When the first job falls due. */
  readonly phaseMs: number
  readonly downs: readonly { readonly fromMs: number; readonly untilMs: number }[]
  readonly untilMs: number
}

/**
 * The history of a producer that sends each job once when it falls due to a scripted broker, fails at once
 * while that is down, and is cut off in the middle when it goes down; and that sends a job that failed
 * again at the moment the last outage is over.
 */
export function scripted({ everyMs, roundTripMs, phaseMs, downs, untilMs }: ScriptedBroker): WrittenHistory {
  const history = new WrittenHistory({ everyMs })
  history.fault(downs[0]?.fromMs ?? untilMs)
  const upAgainMs = downs.at(-1)?.untilMs ?? untilMs
  for (let index = 0; phaseMs + index * everyMs < untilMs; index++) {
    const ms = phaseMs + index * everyMs
    const id = `job-${index}`
    history.due(id, ms)
    const confirmedMs = ms + roundTripMs
    const down = downs.find(({ fromMs, untilMs }) => confirmedMs > fromMs && ms < untilMs)
    const inFlight = down !== undefined && ms < down.fromMs
    if (!down) history.attempt(id, ms, { outcome: 'ack', endMs: confirmedMs }).delivered(id, confirmedMs + 1)
    else {
      if (inFlight) history.attempt(id, ms, { outcome: 'ambiguous', endMs: down.fromMs })
      else history.attempt(id, ms, { by: null, outcome: 'refused', endMs: ms })
      history.attempt(id, upAgainMs, { k: 2, outcome: 'ack', endMs: upAgainMs + roundTripMs })
      history.delivered(id, upAgainMs + roundTripMs + 1, { k: 2 })
    }
  }
  return history.drain(untilMs + roundTripMs + 10)
}
