import { abortReason, type Clock } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import { type Endpoint, redact } from '../transport/endpoint.ts'
import type { Link } from '../transport/link.ts'
import type { DialContext, Transport } from '../transport/transport.ts'

/**
 * Dials one endpoint within its `connectTimeoutMs`, whatever the transport does: a dial that ignores
 * its signal is left behind, and the link it may still bring is closed.
 *
 * @throws UnderstudyError always of ours; anything else that a transport throws counts as `unreachable`.
 */
export function dial(
  transport: Transport,
  endpoint: Endpoint,
  clock: Clock,
  signal: AbortSignal,
  context?: DialContext,
): Promise<Link> {
  if (signal.aborted) return Promise.reject(abortReason(signal))
  const address = redact(endpoint)
  const attempt = new AbortController()
  return new Promise<Link>((resolve, reject) => {
    let over = false
    const finish = (settle: () => void): void => {
      if (over) return
      over = true
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const giveUp = (error: UnderstudyError): void => {
      if (over || attempt.signal.aborted) return
      timer.cancel()
      attempt.abort(error)
      // The transport knows how far the dial came and says so by rejecting now; it gets one turn to do it.
      setImmediate(() => finish(() => reject(error)))
    }
    const onAbort = (): void => giveUp(abortReason(signal))
    const timer = clock.after(endpoint.connectTimeoutMs, () => {
      const message = `${address} did not answer within ${endpoint.connectTimeoutMs} ms`
      giveUp(new UnderstudyError('dial-timeout', message, { retriable: true, endpoint: address }))
    })
    signal.addEventListener('abort', onAbort, { once: true })
    begin(transport, endpoint, attempt.signal, context).then(
      (link) => {
        if (over || attempt.signal.aborted) void discard(link)
        else finish(() => resolve(link))
      },
      (error: unknown) => finish(() => reject(classify(error, address))),
    )
  })
}

/** A transport that throws at once, which it should not, has failed like one that rejects. */
async function begin(
  transport: Transport,
  endpoint: Endpoint,
  signal: AbortSignal,
  context?: DialContext,
): Promise<Link> {
  return await transport.dial(endpoint, signal, context)
}

/** Ends a link that nobody wants, at once. What it says to that changes nothing. */
export async function discard(link: Link): Promise<void> {
  try {
    await link.close(AbortSignal.abort())
  } catch {
    // It is gone either way.
  }
}

function classify(error: unknown, address: string): UnderstudyError {
  if (error instanceof UnderstudyError) return error
  return new UnderstudyError('unreachable', `${address}: ${messageOf(error)}`, {
    retriable: true,
    endpoint: address,
    cause: error,
  })
}
