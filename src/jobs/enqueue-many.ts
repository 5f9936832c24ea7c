import { abortReason } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'

/** A job of a list that was not enqueued, and why. */
export interface UnsentJob {
  /** Its place in the list, from 0. */
  readonly index: number
  readonly error: UnderstudyError
}

/** A list was enqueued in part, or not at all. */
export class EnqueueManyError extends UnderstudyError {
  override readonly name = 'EnqueueManyError'
  /** How many a broker has confirmed. */
  readonly confirmed: number
  /** How many were sent and failed; a broker may hold those whose error says `unknown`. */
  readonly failed: number
  /** How many were taken from the list: what comes after them was not tried. */
  readonly taken: number
  /** The first hundred that failed, by their place in the list. */
  readonly failures: readonly UnsentJob[]

  constructor(counts: { readonly confirmed: number; readonly failed: number; readonly taken: number }, why: Why) {
    const first = why.failures[0]
    const cause = first?.error ?? why.stopped
    const of = first === undefined ? '' : `job ${first.index} of the list: `
    const { confirmed, failed, taken } = counts
    const text = `${confirmed} enqueued, ${failed} failed, and the list was left after ${taken}: ${of}${messageOf(cause)}`
    const known = cause instanceof UnderstudyError ? cause : undefined
    super(known?.code ?? 'aborted', text, { retriable: known?.retriable ?? false, cause })
    this.confirmed = confirmed
    this.failed = failed
    this.taken = taken
    this.failures = why.failures
  }
}

interface Why {
  readonly failures: readonly UnsentJob[]
  /** What the list itself threw, or the caller's signal; undefined when a job failed. */
  readonly stopped: unknown
}

// As many as keep a broker busy, and few enough beside `maxPending`, which is 10,000 where the URI says nothing else.
const WINDOW = 1000
const MOST_FAILURES = 100

/**
 * Sends a list with at most 1,000 unconfirmed at a time. Resolves with how many when all are confirmed; takes nothing
 * more after the first failure.
 *
 * @param send resolves when a broker has confirmed one.
 * @throws EnqueueManyError once nothing is under way any more.
 */
export async function sendMany<Args>(
  list: Iterable<Args> | AsyncIterable<Args>,
  send: (args: Args, index: number) => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const failures: UnsentJob[] = []
  const count = { taken: 0, confirmed: 0, failed: 0, inFlight: 0 }
  let roomy: (() => void) | undefined
  const landed = (): void => {
    count.inFlight--
    // In halves, so that the list is not woken for each.
    if (count.inFlight > WINDOW / 2 && count.failed === 0) return
    roomy?.()
    roomy = undefined
  }
  const failure = (index: number, thrown: unknown): void => {
    count.failed++
    const ours = thrown instanceof UnderstudyError
    const error = ours ? thrown : new UnderstudyError('protocol', messageOf(thrown), { cause: thrown })
    if (failures.length < MOST_FAILURES) failures.push({ index, error })
    leave()
  }
  const room = (): Promise<void> =>
    new Promise((resolve) => {
      roomy = resolve
    })
  let stopped: unknown
  let isLeft = false
  // Ends the wait for what the list gives next.
  let leave = (): void => {}
  const onAbort = (): void => leave()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const take = (args: Args): void => {
      const index = count.taken++
      count.inFlight++
      send(args, index).then(
        () => {
          count.confirmed++
          landed()
        },
        (error: unknown) => {
          failure(index, error)
          landed()
        },
      )
    }
    const isOver = (): boolean => {
      isLeft = count.failed > 0 || signal?.aborted === true
      return isLeft
    }
    if (Symbol.asyncIterator in list) {
      const items = list[Symbol.asyncIterator]()
      for (;;) {
        const next = await new Promise<IteratorResult<Args> | undefined>((resolve, reject) => {
          leave = () => resolve(undefined)
          if (isOver()) leave()
          else Promise.resolve(items.next()).then(resolve, reject)
        })
        if (next?.done) break
        if (isOver() || next === undefined) {
          const returned = items.return?.()
          // One that is asked for the next still answers that first, whenever it can.
          if (next === undefined) returned?.catch(() => {})
          else await returned
          break
        }
        take(next.value)
        if (count.inFlight >= WINDOW) await room()
      }
    } else {
      for (const args of list) {
        if (isOver()) break
        take(args)
        // What fails at once is heard of before much more is taken.
        await (count.inFlight >= WINDOW ? room() : undefined)
      }
    }
    if (isLeft && signal?.aborted) stopped = abortReason(signal)
  } catch (error) {
    stopped = error
  }
  signal?.removeEventListener('abort', onAbort)
  while (count.inFlight > 0) await room()
  failures.sort((one, other) => one.index - other.index)
  if (count.failed > 0 || stopped !== undefined) throw new EnqueueManyError(count, { failures, stopped })
  return count.confirmed
}
