import type { Lab } from '../../infra/labs/lab.ts'
import { waitUntil } from '../../infra/labs/wait-until.ts'
import { sleep, systemClock } from '../../src/clock.ts'
import { messageOf } from '../../src/errors.ts'
import { Ticker } from '../../src/producer/ticker.ts'
import { drain } from './drain.ts'
import type { LedgerCounts } from './ledger.ts'
import { type MemorySample, sampleMemory } from '../memory-sample.ts'
import { Traffic } from './traffic.ts'

export interface SoakOptions {
  readonly lab: Lab
  readonly failovers: number
  /** Jobs a second. */
  readonly rate: number
  readonly bodyBytes: number
  readonly clientOptions: Readonly<Record<string, string>>
  /**
   * How long traffic flows between two kills at least, in milliseconds. Less than the client's `stabilityWindow`
   * makes a flapping broker of them, which is dialled ever more slowly on purpose.
   */
  readonly settleMs: number
  /** Memory is looked at before each of so many failovers, and at the end. */
  readonly sampleEvery: number
  readonly signal: AbortSignal
  readonly onFailover: (failover: Failover) => void
}

/** One kill, and how long it took until jobs that were sent after it were confirmed and delivered. */
interface Failover {
  readonly failover: number
  readonly node: string
  readonly confirmedMs: number
  readonly deliveredMs: number
}

interface SoakSample extends MemorySample {
  /** How many failovers there had been. */
  readonly failovers: number
}

export interface SoakRun {
  readonly failovers: readonly Failover[]
  /** Why there were fewer than asked for. */
  readonly stopped: string | undefined
  readonly samples: readonly SoakSample[]
  readonly counts: LedgerCounts
  /** Whether the queue was seen to its end: without that nobody knows what is lost. */
  readonly drained: boolean
  readonly staleAcknowledges: number
  readonly ledgerBytes: number
  readonly lastedMs: number
}

const QUEUE = 'understudy.soak'
const PREFETCH = 100
const STEADY_WITHIN_MS = 120_000
const STEADY_LOOK_MS = 500
// The kill falls anywhere within the schedule of jobs and of heart-beats.
const RANDOM_PHASE_MS = 500
// Beside the brokers' own slowest takeover: the machine may be busy.
const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 10

/**
 * Kills the active broker again and again under one connection that sends and listens throughout, then
 * drains it. @throws what the lab throws, and the signal's reason.
 */
export async function soak(options: SoakOptions): Promise<SoakRun> {
  const { lab, clientOptions, bodyBytes, rate, signal } = options
  const began = systemClock.now()
  const traffic = await Traffic.start({ lab, queue: QUEUE, clientOptions, bodyBytes, prefetch: PREFETCH })
  const ticker = new Ticker({ clock: systemClock, periodMs: 1000 / rate, onTick: () => void tick(traffic) })
  try {
    ticker.start()
    const { failovers, samples, stopped } = await killAgainAndAgain(options, traffic)
    ticker.stop()
    const drained = await drain(traffic, signal)
    const { ledger, staleAcknowledges } = traffic
    const lastedMs = systemClock.now() - began
    const counts = ledger.counts()
    return { failovers, samples, stopped, counts, drained, staleAcknowledges, ledgerBytes: ledger.bytes, lastedMs }
  } finally {
    ticker.stop()
    await traffic.close()
  }
}

async function tick(traffic: Traffic): Promise<void> {
  const job = traffic.ledger.begin()
  const error = await traffic.send(job)
  if (error !== undefined) traffic.giveUp(job, error)
}

type Kills = Pick<SoakRun, 'failovers' | 'samples' | 'stopped'>

async function killAgainAndAgain(options: SoakOptions, traffic: Traffic): Promise<Kills> {
  const failovers: Failover[] = []
  const samples: SoakSample[] = []
  const sample = async (): Promise<void> => {
    samples.push({ failovers: failovers.length, ...(await sampleMemory()) })
  }
  try {
    for (let count = 1; count <= options.failovers; count++) {
      await untilSteady(options, traffic)
      await sleep(systemClock, options.settleMs, options.signal)
      if (failovers.length % options.sampleEvery === 0) await sample()
      const failover = await killOnce(options, traffic, count)
      failovers.push(failover)
      options.onFailover(failover)
    }
    await untilSteady(options, traffic)
    await sample()
    return { failovers, samples, stopped: undefined }
  } catch (error) {
    // What was sent so far is accounted for all the same.
    if (options.signal.aborted) throw error
    return { failovers, samples, stopped: `failover ${failovers.length + 1}: ${messageOf(error)}` }
  }
}

async function killOnce({ lab, signal }: SoakOptions, traffic: Traffic, failover: number): Promise<Failover> {
  await sleep(systemClock, Math.random() * RANDOM_PHASE_MS, signal)
  const withinMs = lab.slowestTakeoverMs + PATIENCE_MS
  const active = async (): Promise<string | undefined> => await lab.active(QUEUE)
  const node = await waitUntil(active, { what: 'an active broker', withinMs, everyMs: LOOK_EVERY_MS, signal })
  const killedAt = systemClock.now()
  await lab.kill(node)
  traffic.mark()
  // Where nobody stands in for a node, it is its own return that ends the outage.
  const startsAtOnce = lab.topology === 'home-node'
  if (startsAtOnce) await lab.start(node)
  const seen = await waitUntil(
    () => {
      const { confirmedAt, deliveredAt } = traffic.sightings
      return confirmedAt !== undefined && deliveredAt !== undefined ? { confirmedAt, deliveredAt } : undefined
    },
    { what: `confirms and deliveries after ${node} was killed`, withinMs, everyMs: LOOK_EVERY_MS, signal },
  )
  if (!startsAtOnce) await lab.start(node)
  return {
    failover,
    node,
    confirmedMs: seen.confirmedAt - killedAt,
    deliveredMs: seen.deliveredAt - killedAt,
  }
}

/** Returns once jobs were confirmed and delivered at half the rate or more for two looks, with nothing piled up. */
async function untilSteady({ rate, signal }: SoakOptions, { ledger }: Traffic): Promise<void> {
  let looks = 0
  let before = { confirmed: ledger.confirmed, deliveries: ledger.deliveries, at: systemClock.now() }
  const look = (): true | undefined => {
    const now = { confirmed: ledger.confirmed, deliveries: ledger.deliveries, at: systemClock.now() }
    const least = (rate * (now.at - before.at)) / 1000 / 2
    const piledUp = Math.max(ledger.attempted - ledger.settled, ledger.undelivered)
    const flows = Math.min(now.confirmed - before.confirmed, now.deliveries - before.deliveries) >= least
    looks = flows && least > 0 && piledUp <= Math.max(rate / 2, 1) ? looks + 1 : 0
    before = now
    return looks === 2 || undefined
  }
  await waitUntil(look, { what: 'a steady flow', withinMs: STEADY_WITHIN_MS, everyMs: STEADY_LOOK_MS, signal })
}
