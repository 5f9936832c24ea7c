import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connect } from '../../src/connect.ts'
import { createApp } from '../../src/jobs/app.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { sendMany } from '../../src/jobs/enqueue-many.ts'
import { runKey } from '../../src/jobs/envelope.ts'
import { sqliteFailures, sqliteLedger } from '../../src/stores.ts'
import { type LineProgram, startLineProgram } from '../processes/line-program.ts'
import { environmentOf, type Progress } from './programs/program.ts'

/** What a worker of this bench is told. */
export interface MortalSettings {
  readonly uri: string
  readonly queue: string
  /** The SQLite file of failures and ledger. */
  readonly store: string
  /** Where it writes what it does; a file of its own. */
  readonly diary: string
  readonly concurrency: number
  /** Jobs take up to so many milliseconds. */
  readonly longestMs: number
}

export interface WorkerKillsOptions {
  readonly uri: string
  readonly jobs: number
  readonly kills: number
  readonly workers: number
  readonly concurrency: number
  readonly longestMs: number
  readonly signal: AbortSignal
  readonly onProgress: (line: string) => void
}

export interface WorkerKills {
  readonly enqueued: number
  readonly killed: number
  /** How often a job's effect was begun, over all. */
  readonly executions: number
  /** Jobs of which no effect was begun, or whose run was never noted as finished. */
  readonly lost: number
  readonly unfinished: number
  /** Jobs whose effect was begun more than once. */
  readonly repeated: number
  /** Executions that began after the ledger had their run as finished. */
  readonly afterNoted: number
  readonly kept: number
  readonly seconds: number
}

const PROGRAM = fileURLToPath(new URL('./programs/mortal-worker.ts', import.meta.url))
const QUEUE = 'bench.mortal'
const STARTS_WITHIN_MS = 60_000
const QUIET_LOOKS = 3
const LOOKS_EVERY_MS = 50

/** Jobs under workers that are killed at random moments, each in a process of its own. */
export async function killWorkers(options: WorkerKillsOptions): Promise<WorkerKills> {
  const { uri, jobs, kills, concurrency, longestMs, signal, onProgress } = options
  const folder = mkdtempSync(join(tmpdir(), 'understudy-bench-'))
  const store = join(folder, 'jobs.db')
  const diaries: string[] = []
  const crew = new Set<LineProgram<Progress>>()
  let died: unknown
  const hire = async (): Promise<void> => {
    const diary = join(folder, `diary-${diaries.length}`)
    diaries.push(diary)
    const settings: MortalSettings = { uri, queue: QUEUE, store, diary, concurrency, longestMs }
    const worker = startLineProgram<Progress>('a worker', [process.execPath, PROGRAM], { env: environmentOf(settings) })
    crew.add(worker)
    worker.failed.catch((error: unknown) => (died ??= error))
    await worker.next(STARTS_WITHIN_MS, signal)
  }
  const connection = await connect(uri)
  const waiting = async (): Promise<number> => {
    signal.throwIfAborted()
    // By itself, which none of them should.
    if (died !== undefined) throw died
    return (await connection.inspect(QUEUE))?.ready ?? 0
  }
  const failures = sqliteFailures(store)
  const app = createApp({ connection, failures })
  const began = performance.now()
  try {
    const job = defineJob({ name: 'mortal', queue: QUEUE, perform: (_args: number) => null })
    const ids = Array.from({ length: jobs }, (_, n) => `mortal-${n}`)
    // First, so that every worker always has its hands full when it is killed.
    await sendMany(ids, (id) => app.enqueue(job, 0, { id, result: false }), signal)
    onProgress(`${jobs} jobs enqueued`)
    for (let n = 0; n < options.workers; n++) await hire()
    let killed = 0
    for (; killed < kills; killed++) {
      // Spread over the jobs, whatever the machine's pace; the moment itself is random.
      while ((await waiting()) > jobs * (1 - (killed + 1) / (kills + 1))) await sleep(LOOKS_EVERY_MS)
      await sleep(Math.random() * LOOKS_EVERY_MS)
      const victim = [...crew][Math.floor(Math.random() * crew.size)]
      if (victim === undefined) break
      crew.delete(victim)
      await victim.kill()
      if ((killed + 1) % 10 === 0) onProgress(`${killed + 1} workers killed, ${await waiting()} jobs wait`)
      await hire()
    }
    for (let quiet = 0; quiet < QUIET_LOOKS; ) {
      await sleep(1000)
      quiet = (await waiting()) === 0 ? quiet + 1 : 0
    }
    await Promise.all(Array.from(crew, (worker) => worker.stop()))
    const seconds = (performance.now() - began) / 1000
    return {
      enqueued: ids.length,
      killed,
      kept: await app.failures.count(),
      seconds,
      ...(await account(ids, diaries, store)),
    }
  } finally {
    await Promise.all(Array.from(crew, (worker) => worker.kill()))
    await app.close()
    await connection.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the diaries say, and the ledger where a worker was killed before it wrote; a last line may be cut. */
async function account(
  ids: readonly string[],
  diaries: readonly string[],
  store: string,
): Promise<Pick<WorkerKills, 'executions' | 'lost' | 'unfinished' | 'repeated' | 'afterNoted'>> {
  const begun = new Map<string, bigint[]>()
  const noted = new Map<string, bigint>()
  for (const diary of diaries) {
    for (const line of readFileSync(diary, 'utf8').split('\n')) {
      const [what, at, run = ''] = line.split(' ')
      const [id = ''] = run.split('/')
      const time = BigInt(at ?? 0)
      if (what === 'b') begun.set(id, [...(begun.get(id) ?? []), time])
      else if (what === 'n' && time < (noted.get(id) ?? time + 1n)) noted.set(id, time)
    }
  }
  await using ledger = sqliteLedger(store)
  await ledger.open()
  const counts = { executions: 0, lost: 0, unfinished: 0, repeated: 0, afterNoted: 0 }
  for (const id of ids) {
    const times = begun.get(id) ?? []
    const note = noted.get(id)
    counts.executions += times.length
    if (times.length === 0) counts.lost++
    if (times.length > 1) counts.repeated++
    if (note !== undefined) counts.afterNoted += times.filter((time) => time > note).length
    else if (!(await ledger.begin(runKey(id, 0, 1), 'bench')).finished) counts.unfinished++
  }
  return counts
}
