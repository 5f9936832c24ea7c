import type { Destination } from '../transport/destination.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { Settlement } from '../transport/link.ts'
import type { IncomingMessage } from '../transport/message.ts'

/** Told of every delivery that a handler gets to see. One that throws disturbs nobody. */
export interface DeliveryObserver {
  /** A handler is about to be given a message of `source`, the destination that is listened to. */
  delivered(message: IncomingMessage, source: Destination, endpoint: RedactedEndpoint): DeliveryWatcher
}

/** Told what becomes of one delivery. */
export interface DeliveryWatcher {
  /** Calls `handle` once, at once; whatever context is active meanwhile is the handler's. */
  run(handle: () => void): void
  /** The handler has ended: with nothing, or with what it threw. */
  handled(thrown: { readonly error: unknown } | undefined): void
  /** A settlement is on its way to the broker. */
  settling(as: Settlement): void
  /** It arrived, or `error` came of it. */
  settled(as: Settlement, error: unknown): void
  /** The link was lost first: the broker has taken the message back. */
  stale(): void
}

/** What a listener calls for one delivery. */
export interface WatchedDelivery extends Pick<DeliveryWatcher, 'settling' | 'settled' | 'stale'> {
  /** The handler's own answer, whatever those who watch it do. */
  handle(handler: () => Promise<void> | void): Promise<void>
}

/** Hands one delivery to all who watch; one that throws disturbs nobody. */
export function watchDelivery(
  observers: readonly DeliveryObserver[],
  message: IncomingMessage,
  source: Destination,
  endpoint: RedactedEndpoint,
): WatchedDelivery {
  const watchers: DeliveryWatcher[] = []
  for (const observer of observers) tell(() => watchers.push(observer.delivered(message, source, endpoint)))
  const tellAll = (what: (watcher: DeliveryWatcher) => void): void => {
    for (const watcher of watchers) tell(() => what(watcher))
  }
  return {
    async handle(handler) {
      let running: Promise<void> | undefined
      // Whoever forgets to call it, or calls it twice, changes nothing.
      const start = (): void => void (running ??= (async () => handler())())
      const nested = watchers.reduceRight<() => void>((inner, watcher) => () => tell(() => watcher.run(inner)), start)
      nested()
      start()
      try {
        await running
      } catch (error) {
        tellAll((watcher) => watcher.handled({ error }))
        throw error
      }
      tellAll((watcher) => watcher.handled(undefined))
    },
    settling: (as) => tellAll((watcher) => watcher.settling(as)),
    settled: (as, error) => tellAll((watcher) => watcher.settled(as, error)),
    stale: () => tellAll((watcher) => watcher.stale()),
  }
}

function tell(say: () => void): void {
  try {
    say()
  } catch {
    // Its owner's trouble: the delivery must go on.
  }
}
