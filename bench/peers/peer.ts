import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'

/** What a peer is told on its standard input: `name=value` lines up to an empty one. */
export interface PeerSettings {
  readonly brokers: readonly { readonly host: string; readonly port: number }[]
  readonly username: string
  readonly password: string
  readonly queue: string
  /** Milliseconds from the start of one send to the start of the next; never two at a time. */
  readonly periodMs: number
  readonly bodyBytes: number
  /** The query of the failover URI, for peers that have one. */
  readonly options: string
}

/**
 * What a peer tells on its standard output, one JSON object per line. `at` is wall time in milliseconds
 * with a fraction; `link` counts its connections from 1.
 */
export interface PeerEvent {
  readonly event:
    | 'lost'
    /** The TCP connection is up. Not every peer can see it. */
    | 'open'
    /** The broker's own greeting has come. */
    | 'connected'
    /** The broker confirmed a job. */
    | 'confirm'
  readonly at: number
  readonly link: number
  /** How many sockets were opened since the loss, this one included. With `open` only. */
  readonly dials?: number
}

export function tell(event: PeerEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

export function wallTime(): number {
  return performance.timeOrigin + performance.now()
}

/**
 * Reads the settings. `stop` fires when the input ends, which is how a peer is told to leave, and what
 * it sees when whoever started it has died.
 */
export async function readSettings(): Promise<{ readonly settings: PeerSettings; readonly stop: AbortSignal }> {
  const stop = new AbortController()
  const lines = createInterface({ input: process.stdin })
  lines.once('close', () => stop.abort())
  const values = new Map<string, string>()
  await new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const equals = line.indexOf('=')
      if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1))
      else resolve()
    })
  })
  const text = (name: string): string => values.get(name) ?? ''
  const settings: PeerSettings = {
    brokers: text('brokers')
      .split(',')
      .map((broker) => ({ host: broker.slice(0, broker.lastIndexOf(':')), port: Number(broker.split(':').at(-1)) })),
    username: text('username'),
    password: text('password'),
    queue: text('queue'),
    periodMs: Number(text('periodMs')),
    bodyBytes: Number(text('bodyBytes')),
    options: text('options'),
  }
  return { settings, stop: stop.signal }
}

/** The inverse of {@link readSettings}. */
export function settingsText(settings: PeerSettings): string {
  const brokers = settings.brokers.map(({ host, port }) => `${host}:${port}`).join(',')
  const lines = Object.entries({ ...settings, brokers }).map(([name, value]) => `${name}=${value}\n`)
  return `${lines.join('')}\n`
}
