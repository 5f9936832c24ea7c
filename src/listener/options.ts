import { UnderstudyError } from '../errors.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import type { DedupeStore } from './dedupe.ts'
import type { ErrorPolicy } from './handler-pool.ts'

/** How a listener takes deliveries from one destination. */
export interface ListenOptions {
  /** How many unsettled deliveries the broker may have out. Defaults to 10. */
  readonly prefetch?: number
  /** How many handlers may run at a time. Defaults to the prefetch. */
  readonly concurrency?: number
  /** What becomes of a delivery whose handler throws before it settled it. Defaults to `reject`. */
  readonly onError?: ErrorPolicy
  /**
   * Remembers finished messages, so that copies of them are not handled again. Where it fails, the message
   * goes back to its queue after a second, unless `onError` is `leave`. Defaults to none.
   */
  readonly dedupe?: DedupeStore
  /** Closes the listener, as `close` does, when it fires. Defaults to none. */
  readonly signal?: AbortSignal
  /** What the subscription is called in the broker's own lists. Defaults to a name of no meaning. */
  readonly name?: string
  /**
   * Called when the subscription is about to end: a handler that has not begun with its delivery may leave it, so
   * that nobody waits for it. Defaults to none.
   */
  readonly onRelease?: () => void
}

/** How a stream takes deliveries: its loop handles one at a time, and what it throws ends the loop. */
export type StreamOptions = Omit<ListenOptions, 'concurrency' | 'onError' | 'onRelease'>

const STREAM_OPTIONS: NamesOf<StreamOptions> = { prefetch: true, dedupe: true, signal: true, name: true }
const LISTEN_OPTIONS: NamesOf<ListenOptions> = { ...STREAM_OPTIONS, concurrency: true, onError: true, onRelease: true }

/** @throws UnderstudyError `invalid-option` for an option that listeners do not have. */
export function checkListenOptions(options: ListenOptions): void {
  checkNames('listen', options, LISTEN_OPTIONS)
}

/** @throws UnderstudyError `invalid-option` for an option that streams do not have. */
export function checkStreamOptions(options: StreamOptions): void {
  checkNames('deliveries', options, STREAM_OPTIONS)
}

const DEFAULT_PREFETCH = 10
const MOST_PREFETCH = 65_535
const POLICIES: readonly ErrorPolicy[] = ['reject', 'requeue', 'leave']

/**
 * The options with their defaults.
 *
 * @throws UnderstudyError `invalid-option` for a prefetch or concurrency out of 1 to 65,535, or an unknown policy.
 */
export function readListenOptions(
  options: ListenOptions,
): Required<Omit<ListenOptions, 'dedupe' | 'signal' | 'name' | 'onRelease'>> {
  const { prefetch = DEFAULT_PREFETCH, concurrency = prefetch, onError = 'reject' } = options
  checkCount('prefetch', prefetch)
  checkCount('concurrency', concurrency)
  if (POLICIES.includes(onError)) return { prefetch, concurrency, onError }
  const message = `onError must be ${POLICIES.join(', ')}, not ${JSON.stringify(onError)}`
  throw new UnderstudyError('invalid-option', message)
}

function checkCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= MOST_PREFETCH) return
  const message = `${name} must be a whole number from 1 to ${MOST_PREFETCH}, not ${value}`
  throw new UnderstudyError('invalid-option', message)
}
