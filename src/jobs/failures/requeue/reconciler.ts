import { type Clock, type Timer } from '../../../clock.ts'
import { messageOf } from '../../../errors.ts'
import type { OpenHost } from '../../job-host.ts'
import { defaultActor } from '../actor.ts'
import { CLAIM_LASTS_MS, Claim, type ClaimHeirs } from '../claim.ts'
import { type DeskHost, openDesk } from '../desk-host.ts'
import type { FailureStore } from '../store.ts'
import { RequeueError } from './outcome.ts'
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

// What is taken over at once, and how often in one look; the rest waits for the next.
const MOST_AT_ONCE = 10_000
const MOST_TURNS = 10
const PAGE = 500

/**
 * Finishes requeues whose process died: what was claimed a minute ago and not renewed since. A plain requeue is carried
 * on; one with a rate, a canary, an age or another place to go is given back, and failed as before. A hundred
 * thousand at most.
 *
 * @throws RequeueError when not all could be sent: what it had taken over is failed as before, and the next look takes
 * what is left; and what the store throws.
 */
export async function reconcile(host: DeskHost, options: ReconcileOptions = {}): Promise<ReconcileOutcome> {
  const { actor = defaultActor(), signal } = options
  const claimedBefore = host.clock.wallTime() - CLAIM_LASTS_MS
  const total = { sent: 0, released: 0 }
  let taken = 0
  const add = ({ sent, released }: ReconcileOutcome): void => {
    total.sent += sent
    total.released += released
  }
  try {
    let heirs: ClaimHeirs = 'finish'
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      if (signal?.aborted) break
      // Should this process die too, what it has in hand is given back: what kills everybody must not go round for ever.
      await using claim = new Claim({ ...host, actor }, 'release')
      // Where nothing is left to finish, it is what is to be given back, whatever its claim is called.
      const claimed = await claim.inherit(claimedBefore, MOST_AT_ONCE, heirs === 'finish' ? heirs : undefined)
      taken += claimed
      if (claimed > 0)
        add(heirs === 'finish' ? await carryOn(host, claim, claimed, signal) : await giveBack(host, claim))
      if (claimed === MOST_AT_ONCE) continue
      if (heirs === 'release') break
      heirs = 'release'
    }
  } catch (error) {
    if (!(error instanceof RequeueError)) throw error
    add(error.outcome)
    throw new RequeueError(error.cause, { ...error.outcome, ...total, claimed: taken })
  } finally {
    if (taken > 0) await note(host, actor, total.sent)
  }
  return total
}

async function carryOn(
  host: DeskHost,
  claim: Claim,
  claimed: number,
  signal: AbortSignal | undefined,
): Promise<ReconcileOutcome> {
  using sender = new ReturnSender({ ...host, signal })
  let trouble: { readonly error: unknown } | undefined
  try {
    await sender.send(claim, claimed)
  } catch (error) {
    trouble = { error }
  }
  const released = sender.refused + (await claim.settle())
  const { sent } = sender
  if (trouble === undefined) return { sent, released }
  throw new RequeueError(trouble.error, {
    batch: claim.batch,
    claimed,
    sent,
    released,
    unconfirmed: sender.unconfirmed,
    tooOld: 0,
    canary: undefined,
    stoppedByCanary: false,
  })
}

/** What an operator edited may have gone as a new job, and counts as sent then. */
async function giveBack({ store }: DeskHost, claim: Claim): Promise<ReconcileOutcome> {
  let released = 0
  for (;;) {
    const page = await claim.next(PAGE)
    if (page.length === 0) return { sent: 0, released }
    const gone: { readonly id: string; readonly retryJobId: string }[] = []
    for (const { id, retryJobId } of page)
      if (retryJobId !== undefined && (await hasGone(store, id, retryJobId))) gone.push({ id, retryJobId })
    const back = page.filter(({ id }) => !gone.some((one) => one.id === id))
    await claim.sent(gone)
    await claim.release(back.map(({ id }) => id))
    released += back.length
  }
}

/**
 * Whether the job that an operator edited went before its sender died: it was worked on since. Otherwise nobody can
 * tell, and it is given back; should it have gone, its success marks it.
 */
async function hasGone(store: FailureStore, id: string, retryJobId: string): Promise<boolean> {
  if ((await store.get(id))?.resolvedAt !== undefined) return true
  return (await store.ofJob(retryJobId)).length > 0
}

async function note({ store, clock, logger }: DeskHost, actor: string, count: number): Promise<void> {
  const entry = { at: clock.wallTime(), actor, action: 'reconcile', target: 'left claims', count }
  await store.audit(entry).catch((error: unknown) => {
    logger.error({ ...entry, error: messageOf(error) }, 'the audit could not be written')
  })
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
