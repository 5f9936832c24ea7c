import { createInterface } from 'node:readline'

/** What a program of the bench is told in the variable `BENCH_JOBS`, as JSON. */
export interface ProgramSettings {
  /** `amqp://user:password@host:port`. */
  readonly amqp: string
  readonly redis: string
  readonly queue: string
  /** How many jobs each worker process has at a time. */
  readonly concurrency: number
  /** How many the broker hands it ahead, those in hand included. */
  readonly prefetch: number
  /** Whether results are kept. */
  readonly results: boolean
}

/** What a client is told to do, one line of JSON each. */
export interface Order {
  readonly jobs: number
  /** How long each job takes, in milliseconds. */
  readonly ms: number
}

/** What a client answers. Times are milliseconds since the epoch. */
export interface Sent {
  readonly began: number
  /** When the broker had confirmed the last one. */
  readonly sent: number
  /** When the last result was there; the same as `sent` without results. */
  readonly done: number
}

/** What a worker tells: that it is ready, and how many jobs it has done since it began. */
export interface Progress {
  readonly done: number
  /** When the last one was, in milliseconds since the epoch. */
  readonly at: number
}

const TELLS_EVERY_MS = 20

/** The environment in which a program finds those settings. */
export function environmentOf(settings: object): Readonly<Record<string, string>> {
  return { BENCH_JOBS: JSON.stringify(settings) }
}

export function settings(): ProgramSettings {
  return JSON.parse(process.env['BENCH_JOBS'] ?? '') as ProgramSettings
}

export function wallTime(): number {
  return performance.timeOrigin + performance.now()
}

export function tell(what: Sent | Progress): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

/** Answers one order after the other until the input ends. */
export async function answerOrders(answer: (order: Order) => Promise<Sent>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) tell(await answer(JSON.parse(line) as Order))
}

/** Starts a worker. While it starts it may wait for its broker for ever: it goes with the bench. */
export async function startWorker<Started>(start: () => Promise<Started>): Promise<Started> {
  const leave = (): never => process.exit(1)
  process.stdin.once('end', leave).resume()
  const started = await start()
  process.stdin.off('end', leave)
  return started
}

/** Tells that the worker is ready, and from then on what it did; resolves when it is to leave. */
export async function tellProgress(progress: () => Progress): Promise<void> {
  tell({ done: 0, at: wallTime() })
  let told = 0
  const timer = setInterval(() => {
    const now = progress()
    if (now.done === told) return
    told = now.done
    tell(now)
  }, TELLS_EVERY_MS)
  await new Promise((resolve) => process.stdin.once('end', resolve))
  clearInterval(timer)
}
