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
  const servers = lines.filter((line) => /^server\s/.test(line))
  const common = lines.findLast((line) => /^default-server\s/.test(line)) ?? ''
  const checked = servers.every((line) => /\scheck\b/.test(`${line} ${common}`))
  const greets = lines.some((line) => /^tcp-check\s+send-binary\s+414d5150/i.test(line))
  const expects = lines.some((line) => /^tcp-check\s+expect\s/.test(line))
  const words = `${common} ${servers.join(' ')}`
  return {
    haproxyCheck: !checked ? 'none' : greets && expects ? 'amqp' : 'plain',
    haproxyInterMs: timeOf(/\sinter\s+(\S+)/.exec(words)?.[1]),
    haproxyFall: Number(/\sfall\s+(\d+)/.exec(words)?.[1] ?? FALL),
    haproxyOnMarkedDown: /\son-marked-down\s+shutdown-sessions\b/.test(words) ? 'shutdown-sessions' : 'none',
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
