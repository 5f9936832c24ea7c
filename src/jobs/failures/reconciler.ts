import { type Clock, type Timer } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { OpenHost } from '../job-host.ts'
import { defaultActor } from './actor.ts'
import { CLAIM_LASTS_MS, Claim, heirsOf } from './claim.ts'
import { type DeskHost, openDesk } from './desk-host.ts'
import type { FailureStore } from './store.ts'
import { RequeueError, type RequeueOutcome } from './requeue-outcome.ts'
import { ReturnSender } from './return-sender.ts'

export interface ReconcileOptions {
  /** Who does it, for the audit. Defaults to `user@host`. */
  readonly actor?: string
  readonly signal?: AbortSignal
}

/** What came of the claims that somebody left behind. */
export interface ReconcileOutcome {
  /** Sent back, as whoever died was about to. Some of them may have been sent before: a ledger suppresses that. */
  readonly sent: number
  /** Failed as before: their requeue had conditions that nobody looks at any more. */
  readonly released: number
}

// What one pass takes on; the rest waits for the next.
const MOST_AT_ONCE = 10_000
const PAGE = 100

/**
 * Finishes requeues whose process died: what was claimed a minute ago and not renewed since. A plain requeue is carried
 * on; one with a rate, a canary, an age or another place to go is given back, and failed as before.
 *
 * @throws RequeueError when not all could be sent: the rest is failed as before; and what the store throws.
 */
export async function reconcile(host: DeskHost, options: ReconcileOptions = {}): Promise<ReconcileOutcome> {
  const { actor = defaultActor(), signal } = options
  const claimedBefore = host.clock.wallTime() - CLAIM_LASTS_MS
  const conditional = await leftWithConditions(host.store, claimedBefore)
  // Should this process die too, what it has in hand is given back: by then nobody knows which were which.
  await using claim = new Claim({ ...host, actor }, 'release')
  const claimed = await claim.inherit(claimedBefore, MOST_AT_ONCE)
  if (claimed === 0) return { sent: 0, released: 0 }
  using sender = new ReturnSender({ ...host, signal })
  let trouble: { readonly error: unknown } | undefined
  let released = 0
  try {
    released = await releaseThose(claim, conditional)
    await sender.send(claim, claimed)
  } catch (error) {
    trouble = { error }
  }
  released += sender.refused + (await claim.settle())
  const { sent } = sender
  const outcome: RequeueOutcome = {
    batch: claim.batch,
    claimed,
    sent,
    released,
    tooOld: 0,
    canary: undefined,
    stoppedByCanary: false,
  }
  const entry = { at: host.clock.wallTime(), actor, action: 'reconcile', target: 'left claims', count: sent }
  await host.store.audit(entry).catch((error: unknown) => {
    host.logger.error({ ...entry, error: messageOf(error) }, 'the audit could not be written')
  })
  if (trouble) throw new RequeueError(trouble.error, outcome)
  return { sent, released }
}

/** The ids of those that are to be given back. */
async function leftWithConditions(store: FailureStore, claimedBefore: number): Promise<Set<string>> {
  const ids = new Set<string>()
  let after: string | undefined
  do {
    const page = await store.search({ kind: 'field', field: 'status', text: 'retrying' }, { limit: PAGE, after })
    for (const { id, batch, claimedAt } of page.failures)
      if (claimedAt !== undefined && claimedAt < claimedBefore && heirsOf(batch) === 'release') ids.add(id)
    after = page.next
  } while (after !== undefined)
  return ids
}

async function releaseThose(claim: Claim, ids: ReadonlySet<string>): Promise<number> {
  const list = [...ids]
  for (let from = 0; from < list.length; from += PAGE) await claim.release(list.slice(from, from + PAGE))
  return list.length
}

const EVERY_MS = 60_000

/** Looks after left claims every minute, until it is stopped; what goes wrong is logged and tried again. */
export class Reconciler implements AsyncDisposable {
  readonly #open: OpenHost
  readonly #clock: Clock
  readonly #stopping = new AbortController()
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(open: OpenHost, clock: Clock) {
    this.#open = open
    this.#clock = clock
  }

  /** Idempotent. The first look is a minute away. */
  start(): void {
    if (this.#timer || this.#stopping.signal.aborted) return
    this.#timer = this.#clock.after(EVERY_MS, () => {
      this.#running = this.#look()
    })
  }

  /** Idempotent. What it is about to send is finished or given back first. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#timer?.cancel()
    await this.#running
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #look(): Promise<void> {
    const { logger, failures } = await this.#open()
    try {
      if (!failures) return
      const { sent, released } = await reconcile(await openDesk(this.#open), { signal: this.#stopping.signal })
      if (sent + released > 0) logger.info({ sent, released }, 'finished what a requeue had left behind')
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'what a requeue left behind could not be finished; it is tried again')
    } finally {
      this.#timer = undefined
      this.start()
    }
  }
}
