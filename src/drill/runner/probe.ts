import { type Clock, sleep } from '../../clock.ts'
import { type ErrorCode, UnderstudyError } from '../../errors.ts'
import { dial } from '../../failover/dial.ts'
import type { Endpoint } from '../../transport/endpoint.ts'
import type { Link } from '../../transport/link.ts'
import type { Transport } from '../../transport/transport.ts'
import type { ProbeFinding } from '../fault.ts'

// A broker that serves is asked rarely, so that the probe is no load; one that does not is asked often,
// so that the moment it opens is seen.
const SERVING_PERIOD_MS = 250
const WAITING_PERIOD_MS = 10
const DEADLINE_MS = 1000

const FINDINGS: Partial<Record<ErrorCode, ProbeFinding>> = {
  refused: 'refused',
  'handshake-timeout': 'mute',
  'dial-timeout': 'unreachable',
}

/**
 * Asks an endpoint again and again until `signal` fires, and reports each answer in the moment it came: a
 * goodbye that takes its time must not make a broker that is gone look as if it served.
 */
export async function probeRepeatedly(
  transport: Transport,
  endpoint: Endpoint,
  clock: Clock,
  signal: AbortSignal,
  onFinding: (finding: ProbeFinding) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { finding, link } = await ask(transport, endpoint, clock, signal)
      onFinding(finding)
      await link?.close(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]))
      await sleep(clock, finding === 'serving' ? SERVING_PERIOD_MS : WAITING_PERIOD_MS, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

/** Asks an endpoint once, and takes leave again. Bounded; rejects only when `signal` fires. */
export async function probeOnce(
  transport: Transport,
  endpoint: Endpoint,
  clock: Clock,
  signal: AbortSignal,
): Promise<ProbeFinding> {
  const { finding, link } = await ask(transport, endpoint, clock, signal)
  await link?.close(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]))
  return finding
}

/** Asks once, with a whole handshake of the protocol. */
async function ask(
  transport: Transport,
  endpoint: Endpoint,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly finding: ProbeFinding; readonly link?: Link }> {
  try {
    const link = await dial(transport, { ...endpoint, connectTimeoutMs: DEADLINE_MS }, clock, signal)
    return { finding: 'serving', link }
  } catch (error) {
    if (signal.aborted) throw error
    // Whoever answers, if only to refuse the password, serves.
    if (error instanceof UnderstudyError && error.code === 'authentication') return { finding: 'serving' }
    return { finding: (error instanceof UnderstudyError ? FINDINGS[error.code] : undefined) ?? 'reset' }
  }
}
