import { type Clock, type Timer } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { OpenHost } from '../job-host.ts'
import { defaultActor } from './actor.ts'
import { CLAIM_LASTS_MS, Claim, heirsOf } from './claim.ts'
import { type DeskHost, openDesk } from './desk-host.ts'
import type { FailureStore } from './store.ts'
import { RequeueError, type RequeueOutcome } from './requeue-outcome.ts'
import { ReturnSender } from './return-sender.ts'

/** Who finishes what others left half done, and for how long. */
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
// So many in a row that are looked after by somebody, and it looks no further.
const MOST_ALIVE = 1000

/**
 * Finishes requeues whose process died: what was claimed a minute ago and not renewed since. A plain requeue is carried
 * on; one with a rate, a canary, an age or another place to go is given back, and failed as before.
 *
 * @throws RequeueError when not all could be sent: the rest is failed as before; and what the store throws.
 */
export async function reconcile(host: DeskHost, options: ReconcileOptions = {}): Promise<ReconcileOutcome> {
  const { actor = defaultActor(), signal } = options
  const claimedBefore = host.clock.wallTime() - CLAIM_LASTS_MS
  const { wanted, edited } = await leftBehind(host.store, claimedBefore)
  // Should this process die too, what it has in hand is given back: by then nobody knows which were which.
  await using claim = new Claim({ ...host, actor }, 'release')
  const claimed = await claim.inherit(claimedBefore, MOST_AT_ONCE)
  if (claimed === 0) return { sent: 0, released: 0 }
  for (const { id, retryJobId } of edited)
    if (await hasGone(host.store, id, retryJobId)) await claim.sent([{ id, retryJobId }])
  using sender = new ReturnSender({ ...host, signal, isWanted: (id) => wanted.has(id) })
  let trouble: { readonly error: unknown } | undefined
  try {
    await sender.send(claim, claimed)
  } catch (error) {
    trouble = { error }
  }
  const released = sender.refused + sender.unwanted + (await claim.settle())
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

/**
 * Whether the job that an operator edited went before its sender died: it was worked on since. Otherwise nobody can
 * tell, and it is given back; should it have gone, its success marks it.
 */
async function hasGone(store: FailureStore, id: string, retryJobId: string): Promise<boolean> {
  if ((await store.get(id))?.resolvedAt !== undefined) return true
  return (await store.ofJob(retryJobId)).length > 0
}

interface LeftBehind {
  /** The ids of those that are to be carried on. */
  readonly wanted: ReadonlySet<string>
  /** Those that were about to be sent as new jobs. */
  readonly edited: readonly { readonly id: string; readonly retryJobId: string }[]
}

/**
 * What somebody left, as far as it looks: a large requeue that is alive must not make every worker read all of it every
 * minute. What it does not see is given back, which is safe.
 */
async function leftBehind(store: FailureStore, claimedBefore: number): Promise<LeftBehind> {
  const wanted = new Set<string>()
  const edited: LeftBehind['edited'][number][] = []
  let after: string | undefined
  let seen = 0
  for (let alive = 0; alive < MOST_ALIVE && seen < MOST_AT_ONCE; ) {
    const page = await store.search({ kind: 'field', field: 'status', text: 'retrying' }, { limit: PAGE, after })
    const left = page.failures.filter(({ claimedAt }) => claimedAt !== undefined && claimedAt < claimedBefore)
    for (const { id, batch, retryJobId } of left) {
      if (heirsOf(batch) === 'finish') wanted.add(id)
      if (retryJobId !== undefined) edited.push({ id, retryJobId })
    }
    seen += page.failures.length
    alive = left.length > 0 ? 0 : alive + page.failures.length
    after = page.next
    if (after === undefined) break
  }
  return { wanted, edited }
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
