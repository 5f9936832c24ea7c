import type { AttemptOutcome, HistoryEvent } from '../history.ts'

export interface Attempt {
  readonly k: number
  /** Null when no broker was connected as it began. */
  readonly endpoint: string | null
  readonly startNs: number
  /** What its results amount to; `ambiguous` where none was written down. */
  outcome: AttemptOutcome
  /** When the result came that decided the outcome; null when none did. */
  endNs: number | null
}

export interface Delivery {
  readonly k: number
  readonly atNs: number
  readonly redelivered: boolean
  /** When the broker confirmed the listener's acknowledge of this delivery; null when it never did. */
  ackConfirmedNs: number | null
}

/** All that a history says of one job. Lists are in the order of time. */
export interface Job {
  readonly id: string
  /** When it fell due; null when the history does not say. */
  dueNs: number | null
  gaveUp: boolean
  readonly attempts: Attempt[]
  readonly deliveries: Delivery[]
}

export interface Ledger {
  readonly jobs: readonly Job[]
  /** Every attempt of every job, by its beginning. */
  readonly attempts: readonly Attempt[]
  /** How many different jobs of other runs were delivered. */
  readonly foreign: number
}

/** Writes the events of each job together. They must be in the order of time. */
export function jobsLedger(events: readonly HistoryEvent[], runId: string): Ledger {
  // An acknowledge that was only written may never have reached the broker.
  const acksConfirmed = events.every((event) => event.type !== 'run' || event.acksConfirmed !== false)
  const open = new OpenLedger(runId, acksConfirmed)
  for (const event of events) open.enter(event)
  return open.ledger()
}

/** A ledger that is written while its events come, in the order of time. */
export class OpenLedger {
  readonly #runId: string
  readonly #acksConfirmed: boolean
  readonly #jobs = new Map<string, Job>()
  readonly #foreign = new Set<string>()

  constructor(runId: string, acksConfirmed: boolean) {
    this.#runId = runId
    this.#acksConfirmed = acksConfirmed
  }

  /** How many jobs it holds. */
  get size(): number {
    return this.#jobs.size
  }

  enter(event: HistoryEvent): void {
    if (event.type === 'dlv' && event.runId !== this.#runId) this.#foreign.add(JSON.stringify([event.runId, event.id]))
    else if (event.type !== 'cackok' || this.#acksConfirmed) enter(this.#jobs, event)
  }

  /** As far as it is written. */
  ledger(): Ledger {
    const jobs = [...this.#jobs.values()]
    const attempts = jobs.flatMap((job) => job.attempts).sort((one, other) => one.startNs - other.startNs)
    return { jobs, attempts, foreign: this.#foreign.size }
  }
}

/** The attempt that made the job acknowledged, the earliest confirmed one; undefined when it is not. */
export function confirmOf(job: Job): (Attempt & { readonly endNs: number }) | undefined {
  let first: (Attempt & { endNs: number }) | undefined
  for (const attempt of job.attempts) {
    if (isConfirmed(attempt) && attempt.endNs < (first?.endNs ?? Number.POSITIVE_INFINITY)) first = attempt
  }
  return first
}

export function isConfirmed(attempt: Attempt): attempt is Attempt & { endNs: number } {
  return attempt.outcome === 'ack' && attempt.endNs !== null
}

/**
 * Whether the service was there for an attempt as it began. One that began without a connection was
 * not served at that moment, whatever became of it later.
 */
export function wasServed(attempt: Attempt): boolean {
  return isConfirmed(attempt) && attempt.endpoint !== null
}

function enter(jobs: Map<string, Job>, event: HistoryEvent): void {
  switch (event.type) {
    case 'due':
      jobOf(jobs, event.id).dueNs ??= event.dueNs
      break
    case 'att':
      attemptOf(jobOf(jobs, event.id), event.k, event.t, event.endpoint)
      break
    case 'res':
      settle(attemptOf(jobOf(jobs, event.id), event.k, event.t, null), event.outcome, event.t)
      break
    case 'giveup':
      jobOf(jobs, event.id).gaveUp = true
      break
    case 'dlv': {
      const { k, redelivered } = event
      jobOf(jobs, event.id).deliveries.push({ k, atNs: event.t, redelivered, ackConfirmedNs: null })
      break
    }
    case 'cackok': {
      const delivery = jobs.get(event.id)?.deliveries[event.n - 1]
      if (delivery) delivery.ackConfirmedNs ??= event.t
      break
    }
    // That the listener asked for an acknowledge says nothing until it is confirmed; the rest is no job's.
    case 'cack':
    case 'run':
    case 'fault':
    case 'proof':
    case 'heal':
    case 'conn':
    case 'probe':
    case 'marker':
    case 'stall':
    case 'stopped':
    case 'abort':
    case 'drain':
      break
  }
}

function jobOf(jobs: Map<string, Job>, id: string): Job {
  let job = jobs.get(id)
  if (!job) {
    job = { id, dueNs: null, gaveUp: false, attempts: [], deliveries: [] }
    jobs.set(id, job)
  }
  return job
}

function attemptOf(job: Job, k: number, startNs: number, endpoint: string | null): Attempt {
  // Attempts come in the order of their numbers, so the search is for a history that lost some.
  const inPlace = job.attempts[k - 1]
  let attempt = inPlace?.k === k ? inPlace : job.attempts.find((known) => known.k === k)
  if (!attempt) {
    attempt = { k, endpoint, startNs, outcome: 'ambiguous', endNs: null }
    job.attempts.push(attempt)
  }
  return attempt
}

// A returned message was confirmed as well (AMQP acks what it could not route), and a late confirm ends a
// doubt: what is known for certain outweighs what is not.
const WEIGHT: Readonly<Record<AttemptOutcome, number>> = { returned: 4, ack: 3, nack: 2, ambiguous: 1, refused: 0 }

function settle(attempt: Attempt, outcome: AttemptOutcome, atNs: number): void {
  if (attempt.endNs !== null && WEIGHT[outcome] <= WEIGHT[attempt.outcome]) return
  attempt.outcome = outcome
  attempt.endNs = atNs
}
