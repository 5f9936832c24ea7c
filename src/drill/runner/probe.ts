import { type Clock, sleep } from '../../clock.ts'
import { type ErrorCode, UnderstudyError } from '../../errors.ts'
import { dial } from '../../failover/dial.ts'
import type { Endpoint } from '../../transport/endpoint.ts'
import type { Transport } from '../../transport/transport.ts'
import type { ProbeFinding } from '../history.ts'

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

/** Asks one endpoint once, with a whole handshake of the protocol. */
export async function probeOnce(
  transport: Transport,
  endpoint: Endpoint,
  clock: Clock,
  signal: AbortSignal,
): Promise<ProbeFinding> {
  try {
    const link = await dial(transport, { ...endpoint, connectTimeoutMs: DEADLINE_MS }, clock, signal)
    await link.close(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]))
    return 'serving'
  } catch (error) {
    if (signal.aborted) throw error
    // Whoever answers, if only to refuse the password, serves.
    if (error instanceof UnderstudyError && error.code === 'authentication') return 'serving'
    return (error instanceof UnderstudyError ? FINDINGS[error.code] : undefined) ?? 'reset'
  }
}

/** Asks an endpoint again and again until `signal` fires, and reports each answer. */
export async function probeRepeatedly(
  transport: Transport,
  endpoint: Endpoint,
  clock: Clock,
  signal: AbortSignal,
  onFinding: (finding: ProbeFinding) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const finding = await probeOnce(transport, endpoint, clock, signal)
      onFinding(finding)
      await sleep(clock, finding === 'serving' ? SERVING_PERIOD_MS : WAITING_PERIOD_MS, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}
