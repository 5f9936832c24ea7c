import { setTimeout as sleep } from 'node:timers/promises'
import { type LineProgram, startLineProgram } from '../processes/line-program.ts'
import type { Peer } from './peers.ts'
import { environmentOf, type Order, type ProgramSettings, type Progress, type Sent } from './programs/program.ts'

/** How long one order took. */
interface Took {
  /** Until the last job was confirmed, in seconds. */
  readonly sentS: number
  /** Until the last one was done: its result was there, or without results its worker had finished it. */
  readonly doneS: number
}

/** A peer's client and workers, which are kept from round to round. */
export interface Crew {
  order(order: Order): Promise<Took>
  stop(): Promise<void>
}

const STARTS_WITHIN_MS = 60_000
const ANSWERS_WITHIN_MS = 300_000
const LOOKS_EVERY_MS = 10

/** Starts them, and has them do some jobs that do not count. */
export async function startCrew(
  { name, client, worker }: Peer,
  workers: number,
  settings: ProgramSettings,
  warmUp: Order,
  signal: AbortSignal,
): Promise<Crew> {
  const started: LineProgram<unknown>[] = []
  const start = <Said>(what: string, program: readonly string[]): LineProgram<Said> => {
    const each = startLineProgram<Said>(`${name}'s ${what}`, program, { env: environmentOf(settings) })
    started.push(each)
    return each
  }
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(async (each) => await each.stop()))
  }
  try {
    const hands: LineProgram<Progress>[] = []
    for (let n = 0; n < workers; n++) {
      const hand = start<Progress>('worker', worker)
      hands.push(hand)
      // One after the other: their start is what they are slowest at.
      await hand.next(STARTS_WITHIN_MS)
    }
    const sender = start<Sent>('client', client)
    const order = async (what: Order): Promise<Took> => {
      const before = doneBy(hands)
      sender.write(what)
      const failed = Promise.race([...hands.map((hand) => hand.failed), abortOf(signal)])
      const { began, sent, done } = await Promise.race([failed, sender.next(ANSWERS_WITHIN_MS)])
      // Workers tell a moment later; with results it is over already.
      const until = performance.now() + ANSWERS_WITHIN_MS
      while (doneBy(hands) - before < what.jobs) {
        if (performance.now() > until) throw new Error(`${name} did ${doneBy(hands) - before} of ${what.jobs} jobs`)
        await Promise.race([failed, sleep(LOOKS_EVERY_MS)])
      }
      if (doneBy(hands) - before > what.jobs) throw new Error(`${name} did more than ${what.jobs} jobs`)
      const end = settings.results ? done : Math.max(...hands.map(({ last }) => last?.at ?? 0))
      return { sentS: (sent - began) / 1000, doneS: (end - began) / 1000 }
    }
    await order(warmUp)
    return { order, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function doneBy(hands: readonly LineProgram<Progress>[]): number {
  return hands.reduce((sum, { last }) => sum + (last?.done ?? 0), 0)
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
