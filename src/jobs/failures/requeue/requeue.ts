import { CLAIM_LASTS_MS, Claim } from '../claim.ts'
import { type CanaryOutcome, watchCanary } from './canary.ts'
import { readFailureQuery } from '../query/read.ts'
import type { DeskHost } from '../desk-host.ts'
import type { KeptFailure } from '../failure.ts'
import type { FailureQuery } from '../query/query.ts'
import { checkRequeueOptions, NO_LIMIT, type RequeueOptions, returnQueueName } from './options.ts'
import { RequeueError, type RequeueOutcome } from './outcome.ts'
import { ReturnSender } from './return-sender.ts'
import { tellObserver } from '../../../tell-observer.ts'

/**
 * Sends back what matches now and is failed. What fails while it runs is not touched, and of two who do the same at
 * once each job is sent by one. A job goes back as itself: its id is the same, so that a ledger suppresses what a crash
 * sends twice.
 *
 * @throws RequeueError when something went wrong on the way, or the signal fired: it says what went, and the rest is
 * failed as before; UnderstudyError `invalid-option` before anything is done, and what the store throws.
 */
export async function requeue(
  host: DeskHost,
  query: string | FailureQuery,
  options: RequeueOptions & { readonly actor: string },
): Promise<RequeueOutcome> {
  checkRequeueOptions(options)
  const { store } = host
  const { limit = NO_LIMIT, maxAge } = options
  const failed: FailureQuery = { kind: 'and', of: [readFailureQuery(query), STILL_FAILED] }
  const young: FailureQuery = maxAge === undefined ? failed : { kind: 'and', of: [failed, ageIs('<=', maxAge)] }
  const tooOld = maxAge === undefined ? 0 : await store.count({ kind: 'and', of: [failed, ageIs('>', maxAge)] })
  if (options.dryRun === true) {
    const claimed = Math.min(limit, await store.count(young))
    return { ...NOTHING, claimed, tooOld }
  }
  // Only a requeue without conditions may be finished by somebody who does not know of them.
  const conditions = [options.rate, maxAge, options.to, options.canary || undefined]
  await using claim = new Claim(
    { ...host, actor: options.actor },
    conditions.every((one) => one === undefined) ? 'finish' : 'release',
  )
  const claimed = await claim.take(young, limit)
  return await new Requeue(host, options, claim, { claimed, tooOld }).run()
}

const STILL_FAILED: FailureQuery = { kind: 'field', field: 'status', text: 'failed' }

const NOTHING: RequeueOutcome = {
  batch: undefined,
  claimed: 0,
  sent: 0,
  tooOld: 0,
  released: 0,
  unconfirmed: 0,
  canary: undefined,
  stoppedByCanary: false,
}

function ageIs(comparison: '<=' | '>', value: number): FailureQuery {
  return { kind: 'compare', field: 'age', comparison, value }
}

/** One requeue, once its failures are claimed. */
class Requeue {
  readonly #host: DeskHost
  readonly #options: RequeueOptions
  readonly #claim: Claim
  readonly #counts: Pick<RequeueOutcome, 'claimed' | 'tooOld'>
  #canary: CanaryOutcome | undefined
  #stoppedByCanary = false

  constructor(
    host: DeskHost,
    options: RequeueOptions,
    claim: Claim,
    counts: Pick<RequeueOutcome, 'claimed' | 'tooOld'>,
  ) {
    this.#host = host
    this.#options = options
    this.#claim = claim
    this.#counts = counts
  }

  async run(): Promise<RequeueOutcome> {
    using sender = this.#sender()
    let trouble: { readonly error: unknown } | undefined
    try {
      if (await this.#sendCanary(sender)) await sender.send(this.#claim, NO_LIMIT, () => this.#progress(sender))
    } catch (error) {
      trouble = { error }
    }
    let released = sender.refused
    try {
      released += await this.#claim.settle()
    } catch (error) {
      trouble ??= { error }
    }
    const outcome: RequeueOutcome = {
      ...this.#counts,
      batch: this.#claim.batch,
      sent: sender.sent,
      released,
      unconfirmed: sender.unconfirmed,
      canary: this.#canary,
      stoppedByCanary: this.#stoppedByCanary,
    }
    if (trouble) throw new RequeueError(trouble.error, outcome)
    if (sender.refused > 0) throw new RequeueError(sender.refusal, outcome)
    return outcome
  }

  /** Whether the rest may follow. */
  async #sendCanary(sender: ReturnSender): Promise<boolean> {
    const { canary = 0, canaryTimeout = CLAIM_LASTS_MS, signal } = this.#options
    if (canary === 0) return true
    const first: KeptFailure[] = []
    await sender.send(this.#claim, canary, (went) => {
      first.push(...went)
      this.#progress(sender)
    })
    if (sender.refused > 0) return false
    this.#canary = await watchCanary(this.#host, first, { timeoutMs: canaryTimeout, signal })
    this.#stoppedByCanary = this.#canary.succeeded < this.#canary.sent
    return !this.#stoppedByCanary
  }

  #sender(): ReturnSender {
    const { to, rate, signal } = this.#options
    const other = typeof to === 'object' ? to : undefined
    const given = typeof to === 'string' ? to : other?.queue
    return new ReturnSender({
      ...this.#host,
      ...(other ? { connection: other.connection, declareQueue: declaringOn(other.connection) } : {}),
      queue: given === undefined ? undefined : returnQueueName(given),
      rate,
      signal,
    })
  }

  #progress(sender: ReturnSender): void {
    // The jobs must not be left half-way.
    tellObserver(() => this.#options.onProgress?.({ claimed: this.#counts.claimed, sent: sender.sent }))
  }
}

/** Declares each queue once. */
function declaringOn(connection: DeskHost['connection']): (queue: string) => Promise<void> {
  const declared = new Map<string, Promise<void>>()
  return async (queue) => {
    const first = declared.get(queue)
    if (first) return await first
    const declaring = connection.declare(`queue://${queue}`)
    declared.set(queue, declaring)
    await declaring
  }
}
