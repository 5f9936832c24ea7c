import { SendError, UnderstudyError } from '../errors.ts'
import type { Capabilities } from '../transport/capabilities.ts'
import { formatDestination } from '../transport/destination.ts'
import { nearestName } from '../transport/option-names.ts'
import type { QueueSettings, Topology } from '../transport/topology.ts'
import type { FailoverSession } from './session.ts'

type Checks = { readonly [Name in keyof Required<QueueSettings>]: (value: unknown) => boolean }

const isWhole = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most

// RabbitMQ's own bound on its argument of that meaning is that of a 32-bit number.
const LONGEST_MS = 2 ** 32 - 1

const CHECKS: Checks = {
  type: (value) => value === 'classic' || value === 'quorum',
  deadLetterTo: (value) => typeof value === 'object' && value !== null,
  messageTtlMs: isWhole(1, LONGEST_MS),
  expiresAfterMs: isWhole(1, LONGEST_MS),
  maxLength: isWhole(1, Number.MAX_SAFE_INTEGER),
  maxPriority: isWhole(1, 9),
  bindings: (value) => Array.isArray(value),
}

/**
 * What an application declared of its queues. It outlives every link: whichever broker serves next is
 * asked for the same queues before their first use.
 */
export class DeclaredQueues implements Topology {
  readonly #settings = new Map<string, QueueSettings>()

  settingsOf(queue: string): QueueSettings | undefined {
    return this.#settings.get(queue)
  }

  /**
   * Notes the settings and asks the broker that serves for the queue; on a lost link, the next one.
   *
   * @throws UnderstudyError `rejected` when the queue exists and is of another kind, and whatever ends
   * the session.
   */
  async declare(queue: string, settings: QueueSettings, session: FailoverSession): Promise<void> {
    this.#settings.set(queue, Object.freeze({ ...settings }))
    for (;;) {
      const link = await session.connected()
      try {
        await link.declare(queue, settings)
        return
      } catch (error) {
        if (!(error instanceof UnderstudyError) || !error.retriable || error instanceof SendError) throw error
        if (session.endedBy) throw session.endedBy
        // Whatever it was, this link did not do it.
        session.abandon(link, error)
      }
    }
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
      const nearest = nearestName(name, Object.keys(CHECKS))
      throw new UnderstudyError('invalid-option', `unknown queue setting ${name}; did you mean ${nearest}?`)
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
