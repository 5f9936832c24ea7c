import { type Clock, sleep, type Timer } from '../clock.ts'
import { type ErrorCode, UnderstudyError } from '../errors.ts'
import type { Capabilities } from '../transport/capabilities.ts'
import { formatDestination } from '../transport/destination.ts'
import type { Link } from '../transport/link.ts'
import { didYouMean } from '../transport/option-names.ts'
import type { QueueSettings, Topology } from '../transport/topology.ts'
import type { FailoverSession } from './session.ts'

type Checks = { readonly [Name in keyof Required<QueueSettings>]: (value: unknown) => boolean }

const isWhole = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most

// RabbitMQ's own bound on its argument of that meaning is that of a 32-bit number.
const LONGEST_MS = 2 ** 32 - 1

const CHECKS: Checks = {
  type: (value) => value === 'classic' || value === 'quorum',
  deadLetterTo: (value) => typeof value === 'object',
  messageTtlMs: isWhole(1, LONGEST_MS),
  expiresAfterMs: isWhole(1, LONGEST_MS),
  maxLength: isWhole(1, Number.MAX_SAFE_INTEGER),
  maxPriority: isWhole(1, 9),
  bindings: (value) => Array.isArray(value),
}

export interface DeclaredQueuesOptions {
  readonly clock: Clock
  /** How long a broker that reads may leave a question unanswered, in milliseconds. */
  readonly confirmTimeoutMs: number
}

// A queue whose node is down is asked for again this often.
const AWAY_MS = 100
// Who still refuses by name after this means it.
const REFUSED_MS = 3000

/** The link itself is gone, or of no use. */
const OF_THE_LINK: ReadonlySet<ErrorCode> = new Set(['link-lost', 'heartbeat-lost', 'confirm-timeout', 'closed'])

/**
 * What an application declared of its queues. It outlives every link: whichever broker serves next is
 * asked for the same queues before their first use.
 */
export class DeclaredQueues implements Topology {
  readonly #options: DeclaredQueuesOptions
  /** By queue: the settings that hold, and behind them those that are being asked for, the latest last. */
  readonly #settings = new Map<string, readonly QueueSettings[]>()

  constructor(options: DeclaredQueuesOptions) {
    this.#options = options
  }

  settingsOf(queue: string): QueueSettings | undefined {
    return this.#settings.get(queue)?.at(-1)
  }

  *declared(): Iterable<readonly [string, QueueSettings]> {
    for (const [queue, all] of this.#settings) for (const latest of all.slice(-1)) yield [queue, latest]
  }

  /**
   * Notes the settings and asks the broker that serves for the queue; on a lost link, the next one.
   *
   * @throws UnderstudyError `rejected` when the queue exists and is of another kind, and whatever ends
   * the session. Then the settings are as they were before.
   */
  async declare(queue: string, settings: QueueSettings, session: FailoverSession): Promise<void> {
    const declared = Object.freeze({ ...settings })
    this.#settings.set(queue, [...(this.#settings.get(queue) ?? []), declared])
    try {
      await this.#askUntilAnswered(queue, declared, session)
      this.#taken(queue, declared)
    } catch (error) {
      this.#refused(queue, declared)
      throw error
    }
  }

  /** What was declared before it holds no longer. */
  #taken(queue: string, declared: QueueSettings): void {
    const all = this.#settings.get(queue) ?? []
    this.#settings.set(queue, all.slice(Math.max(0, all.indexOf(declared))))
  }

  /** Several may be asked for at once, and refused in any order. */
  #refused(queue: string, declared: QueueSettings): void {
    const left = this.#settings.get(queue)?.filter((one) => one !== declared) ?? []
    if (left.length === 0) this.#settings.delete(queue)
    else this.#settings.set(queue, left)
  }

  async #askUntilAnswered(queue: string, settings: QueueSettings, session: FailoverSession): Promise<void> {
    const { clock } = this.#options
    let refusedAt: number | undefined
    for (;;) {
      const link = await session.connected()
      try {
        await this.#ask(queue, settings, link, session)
        return
      } catch (error) {
        if (!(error instanceof UnderstudyError) || !error.retriable) throw error
        if (session.endedBy) throw session.endedBy
        if (OF_THE_LINK.has(error.code)) {
          session.abandon(link, error)
          continue
        }
        if (error.code === 'rejected') {
          refusedAt ??= clock.now()
          if (clock.now() - refusedAt >= REFUSED_MS) throw error
        }
        // The queue is away and the link as good as before.
        await sleep(clock, AWAY_MS)
      }
    }
  }

  /** A broker that is blocked reads no question, and owes no answer in time. */
  #ask(queue: string, settings: QueueSettings, link: Link, session: FailoverSession): Promise<void> {
    const { clock, confirmTimeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const watch = (): Timer =>
        clock.after(confirmTimeoutMs, () => {
          if (session.isBlocked) {
            timer = watch()
            return
          }
          const message = `the broker left the declaration of queue ${queue} without an answer for ${confirmTimeoutMs} ms`
          reject(new UnderstudyError('confirm-timeout', message, { retriable: true, endpoint: link.endpoint }))
        })
      let timer = watch()
      link
        .declare(queue, settings)
        .then(resolve, reject)
        .finally(() => timer.cancel())
    })
  }
}

/**
 * Refuses settings that mean nothing, and those that a transport of the list does not know.
 *
 * @throws UnderstudyError `invalid-option` or `unsupported`, naming the setting.
 */
export function checkQueueSettings(
  settings: QueueSettings,
  schemes: readonly { readonly scheme: string; readonly capabilities: Capabilities }[],
): void {
  for (const [name, value] of Object.entries<unknown>({ ...settings })) {
    if (!Object.hasOwn(CHECKS, name)) {
      const hint = didYouMean(name, Object.keys(CHECKS))
      throw new UnderstudyError('invalid-option', `unknown queue setting ${name}${hint}`)
    }
    const known = name as keyof QueueSettings
    if (!CHECKS[known](value))
      throw new UnderstudyError('invalid-option', `queue setting ${name} cannot be ${told(value)}`)
    const lacking = schemes.find(({ capabilities }) => !capabilities.queueSettings.includes(known))
    if (lacking) throw new UnderstudyError('unsupported', `${lacking.scheme}: has no queue setting ${name}`)
  }
  for (const binding of settings.bindings ?? []) {
    if (binding.kind !== 'queue') continue
    throw new UnderstudyError('invalid-option', `a queue cannot be bound to ${formatDestination(binding)}, a queue`)
  }
}

function told(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? JSON.stringify(value) : `a ${typeof value}`
}
