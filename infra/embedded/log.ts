import type { Clock } from '../../src/clock.ts'

/** What a broker says of itself, in the order of a life; `client-error` may come any number of times. */
type BrokerEvent =
  | { readonly event: 'starting'; readonly pid: number; readonly dir: string; readonly port: number }
  /** The other one holds the lock; it is asked for every `lockPollMs`. */
  | { readonly event: 'standby'; readonly lockPollMs: number }
  | { readonly event: 'lock-acquired' }
  /** The port is open. `epoch` is 1 for the first holder and one more for each that follows. */
  | { readonly event: 'serving'; readonly port: number; readonly epoch: number; readonly messages: number }
  /** A client was sent an ERROR frame, or was dropped for its silence. */
  | { readonly event: 'client-error'; readonly client: string; readonly message: string }
  | { readonly event: 'stopping'; readonly reason: string }
  | { readonly event: 'lock-released'; readonly reason: string }
  | { readonly event: 'stopped' }
  /** The broker cannot go on; the process ends with exit code 1. */
  | { readonly event: 'error'; readonly message: string }

/** One line of the log: wall time in milliseconds, the broker's name, and the event. */
export type BrokerLogLine = { readonly at: number; readonly name: string } & BrokerEvent

export type BrokerLog = (event: BrokerEvent) => void

/** A log of one JSON object a line. */
export function jsonLog(name: string, clock: Clock, write: (line: string) => void): BrokerLog {
  return (event) => write(`${JSON.stringify({ at: clock.wallTime(), name, ...event } satisfies BrokerLogLine)}\n`)
}

/** Reads a line back; undefined for one that is not whole or is not from a broker. */
export function parseLogLine(line: string): BrokerLogLine | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null && 'event' in parsed && 'at' in parsed
      ? (parsed as BrokerLogLine)
      : undefined
  } catch {
    return undefined
  }
}
