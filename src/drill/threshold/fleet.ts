import type { Clock } from '../../clock.ts'
import { UnderstudyError } from '../../errors.ts'
import { type Step, stepKey } from './method.ts'

/** Brokers that make one trial after the other. */
export interface Station {
  /** Makes one trial; rejects when the brokers are of no more use, or `signal` fires. */
  run(step: Step, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface FleetOptions {
  /** How many stations work side by side. */
  readonly parallel: number
  /** What can be done now, the most urgent first, by all that is known; empty when all is done. */
  readonly open: () => readonly Step[]
  /** Puts brokers up; `number` counts from 0. */
  readonly openStation: (number: number, signal: AbortSignal) => Promise<Station>
  /** How long the work may take in all, in milliseconds, and how long one step takes at the moment. */
  readonly budgetMs: number
  readonly stepMs: () => number
  readonly clock: Clock
  /** Told why a station is replaced by another. */
  readonly onFailure: (error: unknown) => void
}

// Brokers that were hurt a hundred times may break; three sets of them in a row, and it is not they.
const MOST_FAILURES = 3

/**
 * Works until nothing is left to do or no further step fits into the budget; steps that were begun are ended.
 * Stations come up when there is work for them, and all are closed in the end. Brokers that fail are
 * replaced.
 *
 * Which station makes a step, and when, is not told to it: a step's outcome must not depend on that.
 *
 * @returns whether the budget ended it.
 * @throws UnderstudyError `aborted` when `signal` fires and the brokers were healed; what a station last failed with.
 */
export async function runFleet(options: FleetOptions, signal: AbortSignal): Promise<boolean> {
  const { clock, budgetMs } = options
  const began = clock.now()
  const broken = new AbortController()
  const ended = AbortSignal.any([signal, broken.signal])
  const underWay = new Set<string>()
  let wake = Promise.withResolvers<void>()
  let outOfBudget = false
  let failures = 0

  const next = (): Step | undefined => options.open().find((step) => !underWay.has(stepKey(step)))

  const work = async (number: number): Promise<void> => {
    let station: Station | undefined
    try {
      while (!ended.aborted && !outOfBudget) {
        const step = next()
        if (step === undefined) {
          // What is under way may open more; when nothing is, nothing will.
          if (underWay.size === 0) return
          await wake.promise
          continue
        }
        if (clock.now() - began + options.stepMs() > budgetMs) {
          outOfBudget = true
          return
        }
        const key = stepKey(step)
        underWay.add(key)
        try {
          station ??= await options.openStation(number, ended)
          await station.run(step, ended)
          failures = 0
        } catch (error) {
          if (ended.aborted || isFinal(error, station !== undefined) || ++failures >= MOST_FAILURES) throw error
          options.onFailure(error)
          await station?.close()
          station = undefined
        } finally {
          underWay.delete(key)
          wake.resolve()
          wake = Promise.withResolvers()
        }
      }
    } catch (error) {
      broken.abort(error)
      throw error
    } finally {
      wake.resolve()
      await station?.close()
    }
  }

  const workers = Array.from({ length: options.parallel }, (_, number) => work(number))
  const ends = await Promise.allSettled(workers)
  const failed = ends.flatMap((end): readonly unknown[] => (end.status === 'rejected' ? [end.reason] : []))
  if (signal.aborted) {
    // Whatever is no mere end came out of healing the brokers, or of taking them down.
    const unhealed = failed.find((reason) => !(reason instanceof UnderstudyError && reason.code === 'aborted'))
    throw unhealed ?? new UnderstudyError('aborted', 'the caller aborted the operation')
  }
  if (failed.length > 0) throw broken.signal.reason
  return outOfBudget
}

/** What another set of brokers would not change. Once they were up, they can run here. */
function isFinal(error: unknown, wereUp: boolean): boolean {
  if (!(error instanceof UnderstudyError)) return false
  return FINAL.has(error.code) || (error.code === 'unsupported' && !wereUp)
}

const FINAL: ReadonlySet<UnderstudyError['code']> = new Set(['invalid-option', 'invalid-uri', 'storage', 'aborted'])
