import type { Option } from 'commander'
import { systemClock } from '../clock.ts'
import type { Connection } from '../connection.ts'
import type { StatusEvent } from '../failover/status.ts'
import { duration, durationOption, formatDuration } from './arguments/duration.ts'
import { openConnection } from './open-connection.ts'
import { statusLines } from './terminal/status-line.ts'
import type { Terminal } from './terminal/terminal.ts'

// Whoever waits for longer wonders what for.
const SILENT_MS = 1000

/** How long a command waits for the first broker. */
export function brokerWaitOption(): Option {
  return durationOption('--broker-wait <duration>', 'how long to wait for the first broker', duration(1), 10_000)
}

/** How long a command gathers what workers answer: nobody knows how many there are. */
export function answersWaitOption(): Option {
  return durationOption('--wait <duration>', 'how long to wait for answers', duration(1, 60_000), 1000)
}

/**
 * Does one thing with brokers, and closes the connection whatever comes of it. Only what goes wrong with the brokers is
 * told on the way, and after a second that none has answered yet. What takes long has to look at `terminal.interrupted` itself.
 *
 * @throws Exit as {@link openConnection} does, and what `work` throws.
 */
export async function withConnection<Value>(
  terminal: Terminal,
  { uri, waitMs }: { readonly uri: string; readonly waitMs: number },
  work: (connection: Connection) => Promise<Value>,
): Promise<Value> {
  const say = statusLines((line) => terminal.err(`  ${line}\n`))
  let isUp = false
  const observer = (event: StatusEvent): void => {
    // Whoever does one thing wants to hear of brokers only when they fail it.
    if (isUp && event.type !== 'connected' && event.type !== 'attempt-failed') say(event)
  }
  const waiting = systemClock.after(SILENT_MS, () =>
    terminal.err(`  no broker has answered yet; waiting for up to ${formatDuration(waitMs)}\n`),
  )
  const { connection } = await openConnection(uri, waitMs, terminal.interrupted, observer, (opened) =>
    opened.connected(),
  ).finally(() => waiting.cancel())
  isUp = true
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}
