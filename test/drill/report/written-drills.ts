import { seededRandom } from '../../../src/clock.ts'
import type { ProbeFinding } from '../../../src/drill/fault.ts'
import type { AttemptOutcome, HistoryBody, HistoryEvent } from '../../../src/drill/history.ts'

export const A = 'stomp://127.0.0.1:61613'
export const B = 'stomp://127.0.0.1:61614'
const BEGAN_AT = Date.UTC(2026, 10, 21, 5, 40, 12)

/** What a written drill tells. Times are milliseconds since the run began. */
export interface Script {
  readonly fault: string
  readonly jobs: number
  readonly everyMs: number
  readonly faultAtMs: number
  /** When a broker confirms again. */
  readonly backAtMs: number
  /** Who serves then. */
  readonly backOn: 'a' | 'b'
  readonly healAtMs: number
  /** Sequence numbers that are confirmed and never delivered. */
  readonly lost?: readonly number[]
  /** Sequence numbers that the producer gives up. */
  readonly givenUp?: readonly number[]
  /** Whether the job that is in flight as the fault strikes is stored before the broker dies. Defaults to true. */
  readonly stored?: boolean
  /** What a job is called. Defaults to `job-000001` and so on. */
  readonly idOf?: (sequence: number) => string
  readonly runId?: string
  readonly drained?: boolean
}

/** Writes a whole history of a drill on two brokers, `a` serving first, from a script. Always the same. */
export function writeDrill(script: Script): readonly HistoryEvent[] {
  const random = seededRandom(7)
  const events: HistoryEvent[] = []
  const at = (ms: number, body: HistoryBody): void => {
    events.push({ t: Math.round(ms * 1e6), wall: BEGAN_AT + Math.round(ms), ...body })
  }
  const { fault, faultAtMs, backAtMs, healAtMs, everyMs, backOn } = script
  const runId = script.runId ?? 'run-1'
  const idOf = script.idOf ?? ((sequence) => `job-${String(sequence).padStart(6, '0')}`)
  const back = backOn === 'a' ? A : B
  const effectiveMs = faultAtMs + 1.4
  const lastMs = Math.max(script.jobs * everyMs + 1000, backAtMs, healAtMs) + 1500
  const brokers = [
    { name: 'a', version: 'embedded 0.1.0', endpoint: A },
    { name: 'b', version: 'embedded 0.1.0', endpoint: B },
  ]

  at(0, {
    type: 'run',
    schema: 1,
    runId,
    lab: 'embedded',
    fault,
    seed: 42,
    everyMs,
    phaseMs: 143,
    brokers,
  })
  at(20, marker('a', 20, 'a holds the lock'))
  for (const client of ['producer', 'listener'] as const) {
    at(310, { type: 'conn', client, state: 'connected', endpoint: A, reason: null })
  }

  at(faultAtMs, { type: 'fault', name: fault, node: 'a', endpoint: A })
  const proof = fault === 'pause' ? ['process 4711 is stopped (T)'] : ['process 4711 is gone', 'port 61613 is closed']
  at(faultAtMs + 6, { type: 'proof', node: 'a', effectiveNs: effectiveMs * 1e6, proof })
  at(healAtMs, { type: 'heal', node: 'a', how: fault === 'pause' ? 'continued' : 'started again' })
  const noticedMs = fault === 'pause' ? effectiveMs + 4000 : effectiveMs + 2.2
  for (const client of ['producer', 'listener'] as const) {
    at(noticedMs, { type: 'conn', client, state: 'interrupted', endpoint: A, reason: 'link-lost' })
    at(backAtMs - 12, { type: 'conn', client, state: 'resumed', endpoint: back, reason: null })
  }
  if (backOn === 'b') {
    at(backAtMs - 62, {
      type: 'marker',
      kind: 'lock-released',
      node: 'a',
      source: 'lock file',
      toleranceMs: 1,
      detail: 'a let go of the lock',
      atNs: (effectiveMs + 3) * 1e6,
    })
    at(backAtMs - 60, marker('b', backAtMs - 61, 'b holds the lock'))
  }

  for (let sequence = 1; sequence <= script.jobs; sequence += 1) {
    const id = idOf(sequence)
    const dueMs = 1000 + sequence * everyMs
    const startMs = dueMs + 0.1 + random() * 0.5
    const takesMs = 1.8 + random() * 2 + (random() < 0.03 ? 6 : 0)
    at(startMs - 0.05, { type: 'due', id, sequence, dueNs: dueMs * 1e6 })
    let k = 1
    const attempt = (from: number, endpoint: string | null, to: number | null, outcome: AttemptOutcome): void => {
      at(from, { type: 'att', id, k, endpoint })
      if (to !== null) at(to, { type: 'res', id, k, outcome })
      k += 1
    }
    const deliver = (ms: number, from: number, endpoint: string, n: number, redelivered = false): void => {
      if (script.lost?.includes(sequence)) return
      at(ms, { type: 'dlv', id, runId, k: from, redelivered, endpoint })
      at(ms + 0.2, { type: 'cack', id, n })
      at(ms + 1.6, { type: 'cackok', id, n })
    }
    if (script.givenUp?.includes(sequence)) {
      attempt(startMs, null, startMs + 0.1, 'refused')
      at(startMs + 1000, { type: 'giveup', id })
    } else if (startMs + takesMs < effectiveMs) {
      attempt(startMs, A, startMs + takesMs, 'ack')
      deliver(startMs + takesMs + 0.7, 1, A, 1)
    } else if (startMs < noticedMs) {
      // In flight as the fault struck, or written to a broker that does not answer.
      attempt(startMs, A, noticedMs, 'ambiguous')
      const resentMs = backAtMs - 10 + sequence * 0.01
      attempt(resentMs, back, resentMs + 9 + takesMs, 'ack')
      const twice = (script.stored ?? true) && fault !== 'pause'
      if (twice) deliver(resentMs + 8, 1, back, 1)
      deliver(resentMs + 12 + takesMs, 2, back, twice ? 2 : 1)
    } else if (startMs < backAtMs - 12) {
      attempt(startMs, null, startMs + 0.1, 'refused')
      const resentMs = backAtMs - 9 + sequence * 0.01
      attempt(resentMs, back, resentMs + 9 + takesMs, 'ack')
      deliver(resentMs + 13 + takesMs, 2, back, 1)
    } else {
      attempt(startMs, back, startMs + takesMs, 'ack')
      deliver(startMs + takesMs + 0.7, 1, back, 1)
    }
  }

  const probe = (ms: number, node: 'a' | 'b', finding: ProbeFinding): void =>
    at(ms, { type: 'probe', node, endpoint: node === 'a' ? A : B, finding })
  const serves = (node: 'a' | 'b', ms: number): boolean =>
    ms < effectiveMs ? node === 'a' : ms > backAtMs - 25 && node === backOn
  for (const node of ['a', 'b'] as const) {
    for (let ms = 50; ms < lastMs; ) {
      const serving = serves(node, ms)
      const mute = node === 'a' && fault === 'pause' && ms > effectiveMs && ms < healAtMs
      probe(ms, node, serving ? 'serving' : mute ? 'mute' : 'refused')
      ms += serving ? 250 : mute ? 1000 : 10
    }
  }
  at(lastMs + 10, { type: 'drain', ok: script.drained ?? true, outstanding: script.lost?.length ?? 0 })
  return events.sort((one, other) => one.t - other.t)
}

function marker(node: string, atMs: number, detail: string): HistoryBody {
  return { type: 'marker', kind: 'lock-acquired', node, source: 'lock file', toleranceMs: 1, detail, atNs: atMs * 1e6 }
}

/** `a` is killed and `b` takes over after about a quarter of a second; one job in flight is stored twice. */
export const KILLED: Script = {
  fault: 'kill',
  jobs: 300,
  everyMs: 50,
  faultAtMs: 6051,
  backAtMs: 6280,
  backOn: 'b',
  healAtMs: 9300,
}

/** `a` hangs for twelve seconds, nobody takes over, and it goes on where it was. */
export const PAUSED: Script = {
  fault: 'pause',
  jobs: 400,
  everyMs: 50,
  faultAtMs: 5051,
  backAtMs: 17_080,
  backOn: 'a',
  healAtMs: 17_051,
}

/** `b` takes over from a store that lacks the last three confirmed jobs, and two jobs were given up. */
export const LOSING: Script = {
  ...KILLED,
  backAtMs: 9800,
  healAtMs: 12_000,
  lost: [99, 100, 101],
  givenUp: [105, 106],
  stored: false,
}

/** Job ids, and everything else that a stranger may choose, written to break out of a page or a terminal. */
export const HOSTILE: Script = {
  ...KILLED,
  jobs: 140,
  lost: [60],
  runId: '</script><script>alert(1)</script>',
  idOf: (sequence) => `${HOSTILE_IDS[sequence % HOSTILE_IDS.length]}${sequence}`,
}

export const HOSTILE_IDS: readonly string[] = [
  '<script>alert(1)</script>',
  '</script><img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '${alert(1)}`<!--',
  'line\nbreak\u001b[31mred\u202egnp.exe\u0000',
  'long'.repeat(60),
]
