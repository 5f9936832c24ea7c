import type { Settings } from './settings-findings.ts'

interface Section {
  readonly kind: string
  readonly lines: readonly string[]
}

// HAProxy's own defaults.
const INTER_MS = 2000
const FALL = 3

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** How a load balancer finds out that a broker is gone; of several lists of servers, the one that checks the least. */
export function readHaproxyCfg(text: string): Settings {
  const sections = sectionsOf(text)
  const defaults = sections.filter(({ kind }) => kind === 'defaults').flatMap(({ lines }) => lines)
  const found = sections
    .filter(
      ({ kind, lines }) => (kind === 'listen' || kind === 'backend') && lines.some((line) => /^server\s/.test(line)),
    )
    .map(({ lines }) => checkOf([...defaults, ...lines]))
    .filter((check) => check !== undefined)
  for (const kind of ['none', 'plain', 'amqp']) {
    const first = found.find((check) => check['haproxyCheck'] === kind)
    if (first) return first
  }
  return {}
}

/** Undefined for servers that speak HTTP. */
function checkOf(lines: readonly string[]): Settings | undefined {
  const mode = lines.findLast((line) => /^mode\s/.test(line))?.split(/\s+/)[1] ?? 'tcp'
  if (mode !== 'tcp' || lines.some((line) => /^option\s+httpchk\b/.test(line))) return undefined
  const common = lines.filter((line) => /^default-server\s/.test(line))
  const servers = lines.filter((line) => /^server\s/.test(line)).map((line) => serverOf([...common, line]))
  const asks = lines.some((line) => /^option\s+tcp-check\b/.test(line))
  const greets = lines.some((line) => /^tcp-check\s+send-binary\s+414d5150/i.test(line))
  const expects = lines.some((line) => /^tcp-check\s+expect\s/.test(line))
  const slowest = servers.reduce((one, other) => (other.interMs * other.fall > one.interMs * one.fall ? other : one))
  return {
    haproxyCheck: !servers.every(({ checked }) => checked) ? 'none' : asks && greets && expects ? 'amqp' : 'plain',
    haproxyInterMs: slowest.interMs,
    haproxyFall: slowest.fall,
    haproxyOnMarkedDown: servers.every(({ ends }) => ends) ? 'shutdown-sessions' : 'none',
  }
}

interface Server {
  readonly checked: boolean
  readonly interMs: number
  readonly fall: number
  /** Whether its sessions end with it. */
  readonly ends: boolean
}

/** What its own line says goes over what is said for all, and the last word over those before it. */
function serverOf(lines: readonly string[]): Server {
  // After `default-server`, and after `server` with its name and address.
  const words = lines.flatMap((line) => line.split(/\s+/).slice(line.startsWith('server') ? 3 : 1))
  const after = (word: string): string | undefined => words[words.lastIndexOf(word) + 1 || words.length]
  const fall = Number(after('fall') ?? FALL)
  return {
    checked: words.lastIndexOf('check') > words.lastIndexOf('no-check'),
    interMs: timeOf(after('inter')),
    fall: Number.isInteger(fall) && fall > 0 ? fall : FALL,
    ends: after('on-marked-down') === 'shutdown-sessions',
  }
}

function sectionsOf(text: string): readonly Section[] {
  const sections: { kind: string; lines: string[] }[] = []
  for (const written of text.split('\n')) {
    const line = written.replace(/(^|\s)#.*$/, '').trim()
    const kind = /^(global|defaults|listen|frontend|backend|userlist|peers|resolvers|cache|program|mailers)\b/.exec(
      line,
    )?.[1]
    if (kind) sections.push({ kind, lines: [] })
    else if (line !== '') sections.at(-1)?.lines.push(line)
  }
  return sections
}

function timeOf(text: string | undefined): number {
  const [, number, unit = 'ms'] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text ?? '') ?? []
  return number === undefined ? INTER_MS : Number(number) * (UNITS[unit] ?? 1)
}
