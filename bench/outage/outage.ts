import { setImmediate } from 'node:timers/promises'
import type { Lab } from '../../infra/labs/lab.ts'
import { waitUntil } from '../../infra/labs/wait-until.ts'
import { sleep, systemClock } from '../../src/clock.ts'
import type { LedgerCounts } from '../soak/ledger.ts'
import { type MemorySample, sampleMemory } from '../memory-sample.ts'
import { drain } from '../soak/drain.ts'
import { Traffic } from '../soak/traffic.ts'

export type WhenFull = 'wait' | 'reject'

export interface OutageOptions {
  readonly lab: Lab
  readonly downMs: number
  readonly whenFull: WhenFull
  readonly bodyBytes: number
  readonly maxPending: number
  readonly maxPendingBytes: number
  readonly clientOptions: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly note: (line: string) => void
}

export interface OutageSample extends MemorySample {
  /** Milliseconds since the last broker was killed; below 0 before. */
  readonly atMs: number
  /** Sends that are unconfirmed in the client. */
  readonly pending: number
}

export interface OutageRun {
  readonly whenFull: WhenFull
  /** Before anything was sent. */
  readonly idle: MemorySample
  /** While sends flowed, before the kill. */
  readonly flowing: OutageSample
  readonly down: readonly OutageSample[]
  readonly afterwards: OutageSample
  /** The most sends that may be unconfirmed by the two bounds together. */
  readonly bound: number
  /** How many sends were under way at a time, those that waited for room included. */
  readonly senders: number
  /** How often a send was told that there is no room. */
  readonly told: number
  /** From the first broker's start to the first confirm. */
  readonly backMs: number
  readonly counts: LedgerCounts
  readonly drained: boolean
  readonly ledgerBytes: number
}

const QUEUE = 'understudy.outage'
const PREFETCH = 500
/** So many more want to send than there is room for. */
const OVERFLOW = 500
const FLOW_MS = 2000
const FLOW_WITHIN_MS = 60_000
const BACK_WITHIN_MS = 180_000
const SAMPLE_EVERY_MS = 10_000
const FEWEST_SAMPLES = 10
const LOOK_EVERY_MS = 10

/**
 * Takes every broker of the lab down under senders that send as fast as they can and never give up, starts
 * them again after a while, and drains.
 *
 * @throws what the lab throws, UnderstudyError `deadline` when nothing flows at first or afterwards, and the
 * signal's reason.
 */
export async function outage(options: OutageOptions): Promise<OutageRun> {
  const { lab, whenFull, bodyBytes, maxPending, maxPendingBytes, signal, note } = options
  const bound = Math.max(Math.min(maxPending, Math.floor(maxPendingBytes / bodyBytes)), 1)
  const traffic = await Traffic.start({
    lab,
    queue: QUEUE,
    bodyBytes,
    prefetch: PREFETCH,
    clientOptions: {
      ...options.clientOptions,
      whenFull,
      maxPending: String(maxPending),
      maxPendingBytes: String(maxPendingBytes),
      // Longer than any outage: what was taken must not fail for its age.
      retryThreshold: '-1',
    },
  })
  const senders = new Senders(traffic, bound + Math.min(OVERFLOW, bound))
  try {
    const idle = await sampleMemory()
    senders.start()
    await untilConfirmed(traffic, FLOW_WITHIN_MS, signal)
    await sleep(systemClock, FLOW_MS, signal)
    const sampleAt = async (atMs: number): Promise<OutageSample> => {
      return { atMs, pending: traffic.pending, ...(await sampleMemory()) }
    }
    const flowing = await sampleAt(-1)
    await killAll(lab)
    note(`${whenFull}: every broker was killed`)
    const down = await sampleDuring(options, sampleAt)
    const startedAt = systemClock.now()
    traffic.mark()
    await Promise.all(lab.nodes.map(async ({ name }) => await lab.start(name)))
    note(`${whenFull}: every broker was started again`)
    await untilConfirmed(traffic, BACK_WITHIN_MS, signal)
    const backMs = systemClock.now() - startedAt
    await sleep(systemClock, FLOW_MS, signal)
    await senders.stop()
    const drained = await drain(traffic, signal)
    const afterwards = await sampleAt(systemClock.now() - startedAt + options.downMs)
    const { ledger } = traffic
    return {
      whenFull,
      idle,
      flowing,
      down,
      afterwards,
      bound,
      senders: senders.count,
      told: senders.told,
      backMs,
      counts: ledger.counts(),
      drained,
      ledgerBytes: ledger.bytes,
    }
  } finally {
    senders.abandon()
    await traffic.close()
  }
}

/** Many that send at the same time, each of them one job after the other. */
class Senders {
  readonly count: number
  readonly #traffic: Traffic
  #running: Promise<void>[] = []
  #stopped = false
  #told = 0

  constructor(traffic: Traffic, count: number) {
    this.#traffic = traffic
    this.count = count
  }

  get told(): number {
    return this.#told
  }

  start(): void {
    this.#running = Array.from({ length: this.count }, async () => await this.#send())
  }

  /** No new jobs; returns when those that were begun have ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
  }

  /** No new jobs; those that were begun end when the client is closed. */
  abandon(): void {
    this.#stopped = true
    for (const sender of this.#running) sender.catch(() => {})
  }

  async #send(): Promise<void> {
    while (!this.#stopped) {
      const job = this.#traffic.ledger.begin()
      for (;;) {
        const error = await this.#traffic.send(job)
        if (error === undefined) break
        if (error.code !== 'pending-full' || this.#stopped) {
          this.#traffic.giveUp(job, error)
          break
        }
        // The same job again: it was told at once and at no cost that there is no room.
        this.#told++
        await setImmediate()
      }
    }
  }
}

/** The one that serves comes last, so that nobody can take over. */
async function killAll(lab: Lab): Promise<void> {
  const active = await lab.active(QUEUE)
  const last = lab.nodes.filter(({ name }) => name === active)
  for (const { name } of [...lab.nodes.filter(({ name }) => name !== active), ...last]) await lab.kill(name)
}

async function sampleDuring(
  { downMs, whenFull, signal, note }: OutageOptions,
  sampleAt: (atMs: number) => Promise<OutageSample>,
): Promise<OutageSample[]> {
  const began = systemClock.now()
  const everyMs = Math.min(SAMPLE_EVERY_MS, downMs / FEWEST_SAMPLES)
  const samples: OutageSample[] = []
  for (let dueAt = everyMs; dueAt <= downMs; dueAt += everyMs) {
    await sleep(systemClock, Math.max(began + dueAt - systemClock.now(), 0), signal)
    const sample = await sampleAt(systemClock.now() - began)
    samples.push(sample)
    const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
    const memory = `heap ${mib(sample.heapBytes)}, buffers ${mib(sample.arrayBufferBytes)}, RSS ${mib(sample.rssBytes)} MiB`
    note(`${whenFull}: down for ${(sample.atMs / 1000).toFixed(0)} s, ${sample.pending} unconfirmed; ${memory}`)
  }
  return samples
}

async function untilConfirmed({ ledger }: Traffic, withinMs: number, signal: AbortSignal): Promise<void> {
  const before = ledger.confirmed
  const look = (): true | undefined => ledger.confirmed > before || undefined
  await waitUntil(look, { what: 'a confirm', withinMs, everyMs: LOOK_EVERY_MS, signal })
}
