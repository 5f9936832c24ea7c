import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { UnderstudyError, messageOf } from '../../src/errors.ts'

const WITHIN_MS = 2000

/**
 * Finds out at once whether this machine can be dialled at 127.0.0.1, where all brokers of a lab are.
 *
 * @throws UnderstudyError `unsupported` when it cannot, as with the loopback interface down.
 */
export async function checkLoopback(): Promise<void> {
  const within = AbortSignal.timeout(WITHIN_MS)
  const server = createServer((accepted) => accepted.destroy())
  try {
    server.listen({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening', { signal: within })
    const address = server.address()
    const socket = connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 })
    try {
      await once(socket, 'connect', { signal: within })
    } finally {
      socket.destroy()
    }
  } catch (cause) {
    const why = within.aborted
      ? `no answer within ${WITHIN_MS / 1000} s`
      : ((cause as NodeJS.ErrnoException).code ?? messageOf(cause))
    const message = `127.0.0.1 cannot be connected to, where the brokers of a lab are (${why}); is the loopback interface up?`
    throw new UnderstudyError('unsupported', message, { cause })
  } finally {
    server.close()
  }
}
