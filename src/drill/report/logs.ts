/** A line of a broker's log with its time. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly wall: number
  /** The line without its time, and those that follow it without one of their own. */
  readonly text: string
  /** Whether the broker itself calls it a warning or worse. */
  readonly loud: boolean
}

/** The log of one process of a run, whole or in part. */
export interface BrokerLog {
  /** Its path beside the report. */
  readonly file: string
  readonly text: string
}

const MOST_LINES = 400
const LONGEST_LINE = 600

// 2026-11-21 11:56:33.218938+00:00 (RabbitMQ) · 2026-11-21 11:56:57,123 (ActiveMQ) · 2026-11-21 11:56:57 (MariaDB,
// where the hour may have one digit) · 2026-11-21T11:56:57.123Z. Without a zone it is UTC, as the labs run.
const STAMP = /^\[?(\d{4})-(\d\d)-(\d\d)[ T]+(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?\]?[ |:-]*/
const LOUD = /\[(?:error|warning|critical|alert|emergency)\]|\b(?:WARN|ERROR|FATAL|Warning|Error)\b/

/**
 * The lines of a broker's log that were written between two instants, both included. Known are the forms of
 * ActiveMQ, RabbitMQ and MariaDB, any ISO time at the beginning of a line, and one JSON object per line with its
 * milliseconds in `at`. A line without a time belongs to the one before it. At most 400 are kept, the last ones.
 */
export function logExcerpt(text: string, fromWall: number, untilWall: number): readonly LogLine[] {
  const lines: { wall: number; text: string; loud: boolean }[] = []
  let inside = false
  for (const line of text.split(/\r?\n/)) {
    if (line === '') continue
    const read = readLine(line)
    if (read) {
      inside = read.wall >= fromWall && read.wall <= untilWall
      if (inside) lines.push({ wall: read.wall, text: cut(read.text), loud: LOUD.test(read.text) })
    } else if (inside) {
      const last = lines.at(-1)
      if (last && last.text.length < LONGEST_LINE) last.text = cut(`${last.text}\n${line}`)
    }
  }
  return lines.slice(-MOST_LINES)
}

function readLine(line: string): { readonly wall: number; readonly text: string } | undefined {
  if (line.startsWith('{')) return readJson(line)
  const found = STAMP.exec(line)
  if (!found) return undefined
  const [stamp, year, month, day, hour, minute, second, fraction = '0', zone = 'Z'] = found
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`
  const wall = Date.parse(`${year}-${month}-${day}T${String(hour).padStart(2, '0')}:${minute}:${second}${offset}`)
  if (Number.isNaN(wall)) return undefined
  return { wall: wall + Number(`0.${fraction}`) * 1000, text: line.slice(stamp.length) }
}

function readJson(line: string): { readonly wall: number; readonly text: string } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null) return undefined
    const { at, ...rest } = value as Record<string, unknown>
    if (typeof at !== 'number' || !Number.isFinite(at)) return undefined
    const words = Object.entries(rest).map(([name, said]) =>
      name === 'event' ? String(said) : `${name}=${shown(said)}`,
    )
    return { wall: at, text: words.join(' ') }
  } catch {
    return undefined
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function cut(text: string): string {
  return text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE - 1)}…` : text
}
