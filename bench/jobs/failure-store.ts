import { statSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Failure } from '../../src/jobs/failures/failure.ts'
import { parseQuery } from '../../src/jobs/failures/query/parser.ts'
import type { FailureStore } from '../../src/jobs/failures/store.ts'
import type { Ledger } from '../../src/jobs/ledger/ledger.ts'

/** What something took. */
interface StoreFigure {
  readonly what: string
  /** The median of what was repeated, the figure itself of what was done once. */
  readonly ms: number
  /** What was found, changed or kept. */
  readonly count: number
}

export interface StoreFigures {
  readonly failures: number
  readonly figures: readonly StoreFigure[]
  /** While the requeue was claimed: how long others' keeping took, and how long the process stood still. */
  readonly duringClaim: { readonly keepMedianMs: number; readonly keepMaxMs: number; readonly stillMaxMs: number }
  /** Runs that were begun and finished each second. */
  readonly ledgerRunsPerSecond: number
  readonly fileBytes: number
}

export interface StoreMeasure {
  readonly store: FailureStore
  readonly ledger: Ledger
  readonly file: string
  readonly failures: number
  readonly claim: number
  readonly runs: number
  readonly signal: AbortSignal
  readonly note: (line: string) => void
}

const PORTION = 1_000
const REPEATED = 5
const IN_FLIGHT = 100

/** The questions, each with what it is. Every failure says `attempt`; one in a hundred thousand says `zebra`. */
const QUESTIONS: readonly (readonly [string, string])[] = [
  ['a rare word', 'zebra'],
  ['a word that one in a hundred has', 'error:ECONNREFUSED'],
  ['a word that all have', 'error:attempt'],
  ['a phrase', '"refused by host 77"'],
  ['a word of one job, not of a queue', 'error:ECONNREFUSED job:image.* -queue:low'],
  ['a part of a word that few have', 'error:*zebr*'],
  ['a part of a word that none has', 'error:*quagga*'],
  ['a part of a stack that none has', 'stack:quagga'],
  ['by status and age', 'status:failed age<1h'],
  ['all', ''],
]

/** Fills a store, asks it, sends some of it back; then the ledger. */
export async function measureStore(options: StoreMeasure): Promise<StoreFigures> {
  const { store, failures, signal, note } = options
  const figures: StoreFigure[] = []
  const add = (figure: StoreFigure): void => {
    figures.push(figure)
    note(`${figure.what}: ${figure.ms.toFixed(1)} ms, ${figure.count}`)
  }
  await store.open()
  const began = performance.now()
  for (let at = 0; at < failures; at += PORTION) {
    signal.throwIfAborted()
    await store.keep(Array.from({ length: Math.min(PORTION, failures - at) }, (_, more) => sample(at + more)))
  }
  add({ what: 'keep all', ms: performance.now() - began, count: failures })
  for (const [what, text] of QUESTIONS) {
    const query = parseQuery(text)
    add(
      await repeated(`search: ${what}`, signal, async () => (await store.search(query, { limit: 50 })).failures.length),
    )
    add(await repeated(`count: ${what}`, signal, () => store.count(query)))
  }
  const groups = async (text: string): Promise<number> => (await store.groups(parseQuery(text), 50)).length
  add(await repeated('group: all', signal, () => groups('')))
  add(await repeated('group: a word that one in a hundred has', signal, () => groups('error:ECONNREFUSED')))
  const duringClaim = await measureClaim(options, add)
  const ledgerRunsPerSecond = await measureLedger(options)
  return { failures, figures, duringClaim, ledgerRunsPerSecond, fileBytes: statSync(options.file).size }
}

/** Others keep failures one after the other while a requeue is claimed and marked. */
async function measureClaim(
  { store, claim }: StoreMeasure,
  add: (figure: StoreFigure) => void,
): Promise<StoreFigures['duringClaim']> {
  const still = monitorEventLoopDelay({ resolution: 5 })
  const keeps: number[] = []
  const over = new AbortController()
  const keeping = (async () => {
    for (let at = 0; !over.signal.aborted; at++) {
      const began = performance.now()
      await store.keep([sample(at, 'meanwhile')])
      keeps.push(performance.now() - began)
    }
  })()
  still.enable()
  const began = performance.now()
  const options = { batch: 'bench', limit: claim, actor: 'bench', at: Date.now() }
  const claimed = await store.claim(parseQuery('jobId:job-*'), options)
  add({ what: 'claim', ms: performance.now() - began, count: claimed })
  const marking = performance.now()
  for (;;) {
    const some = await store.claimed('bench', 500)
    if (some.length === 0) break
    const sent = some.map(({ id, jobId }) => ({ id, retryJobId: jobId }))
    await store.retried(sent, { actor: 'bench', at: Date.now() })
  }
  add({ what: 'read and mark as sent', ms: performance.now() - marking, count: claimed })
  still.disable()
  over.abort()
  await keeping
  return { keepMedianMs: median(keeps), keepMaxMs: Math.max(...keeps), stillMaxMs: still.max / 1e6 }
}

async function measureLedger({ ledger, runs, signal }: StoreMeasure): Promise<number> {
  await ledger.open()
  let next = 0
  const work = async (): Promise<void> => {
    while (next < runs && !signal.aborted) {
      const run = `2f1c7b0e-${next++}/0/1`
      await ledger.begin(run, 'host:1:0')
      await ledger.finish(run)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  return (runs * 1_000) / (performance.now() - began)
}

async function repeated(what: string, signal: AbortSignal, ask: () => Promise<number>): Promise<StoreFigure> {
  const times: number[] = []
  let count = 0
  for (let round = 0; round < REPEATED; round++) {
    signal.throwIfAborted()
    const began = performance.now()
    count = await ask()
    times.push(performance.now() - began)
  }
  return { what, ms: median(times), count }
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

/** A failure as they come: a few hundred causes, numbers and hosts in between, a stack of some lines. */
function sample(at: number, name = 'job'): Failure {
  const code = at % 100 === 0 ? 'ECONNREFUSED' : at % 3 === 0 ? 'ETIMEDOUT' : 'ENOTFOUND'
  const rare = at % 100_000 === 7 ? ' zebra' : ''
  const jobId = `${name}-${at}-5c0a8a3e`
  const errorMessage = `attempt ${at} ${code} refused by host ${at % 251} while cause${at % 500} was handled${rare}`
  const failedAt = Date.now() - ((at * 7_919) % 2_592_000_000)
  return {
    id: `${jobId}.0`,
    jobId,
    job: at % 4 === 0 ? 'image.resize' : 'mail.send',
    queue: at % 7 === 0 ? 'low' : 'high',
    broker: { kind: 'rabbitmq', name: 'rabbit@a', url: 'amqp://a:5672' },
    args: new TextEncoder().encode(JSON.stringify({ id: at, text: 'x'.repeat(150) })),
    contentType: 'application/json',
    preview: `resize(${at}, "picture ${at % 1_000}.png")`,
    headers: { 'understudy-job': 'image.resize', 'understudy-job-queue': 'high' },
    reason: 'exception',
    errorClass: 'ConnectError',
    errorMessage,
    errorCode: code,
    stack: `ConnectError: ${errorMessage}\n${'    at handle (file:///app/jobs/resize.js:10:5)\n'.repeat(8)}`,
    fingerprint: `cause-${at % 500}`,
    attempts: [
      { attempt: 1, at: failedAt, worker: 'host:1:0', broker: 'amqp://a', error: errorMessage, durationMs: 3 },
    ],
    requeues: 0,
    worker: 'host:1:0',
    enqueuedAt: failedAt - 1_000,
    firstFailedAt: failedAt,
    failedAt,
    expiresAt: undefined,
    traceparent: undefined,
    requestId: undefined,
    replyTo: undefined,
    priority: undefined,
  }
}
