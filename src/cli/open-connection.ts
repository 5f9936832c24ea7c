import { type ConnectOptions, prepare } from '../connect.ts'
import type { Connection } from '../connection.ts'
import type { UnderstudyError } from '../errors.ts'
import type { StatusEvent } from '../failover/status.ts'
import { formatDuration } from './arguments/duration.ts'
import { Exit, EXIT } from './exit-code.ts'

/**
 * Opens a connection for a command: watched from the first dial on, and given up when `begin` (the first
 * thing the command needs of it) has not come about within `waitMs`.
 *
 * @throws Exit with one line that names the brokers, without credentials.
 */
export async function openConnection<Begun>(
  uri: string,
  waitMs: number,
  interrupted: AbortSignal,
  observer: (event: StatusEvent) => void,
  begin: (connection: Connection) => Promise<Begun>,
  options: Pick<ConnectOptions, 'metrics'> = {},
): Promise<{ readonly connection: Connection; readonly begun: Begun }> {
  const connection = await prepare(uri, options)
  let last: UnderstudyError | undefined
  connection.observe((event) => {
    observer(event)
    if (event.type === 'attempt-failed') last = event.error
  })
  const late = AbortSignal.timeout(waitMs)
  const giveUp = AbortSignal.any([late, interrupted])
  const onAbort = (): void => void connection.close()
  giveUp.addEventListener('abort', onAbort, { once: true })
  try {
    return { connection, begun: await begin(connection) }
  } catch (error) {
    await connection.close()
    if (interrupted.aborted) throw new Exit(EXIT.interrupted)
    if (!late.aborted) throw error
    const why = last ? `; last: ${last.message}` : ''
    throw new Exit(EXIT.unknown, `no broker of ${connection.uri} answered within ${formatDuration(waitMs)}${why}`)
  } finally {
    giveUp.removeEventListener('abort', onAbort)
  }
}
