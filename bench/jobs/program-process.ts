import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A client or a worker in a process of its own, which says one thing a line. */
export interface ProgramProcess<Said> {
  /** The next thing that it says. @throws Error when it ends instead, or is silent for `withinMs`; the signal's reason. */
  next(withinMs: number, signal?: AbortSignal): Promise<Said>
  /** The last thing that it said. */
  readonly last: Said | undefined
  write(order: unknown): void
  /** Rejects when it ends without having been told to. */
  readonly failed: Promise<never>
  /** Has it leave, and kills it when it does not within 20 s. Returns once it is gone. */
  stop(): Promise<void>
  /** Kills it. Returns once it is gone. */
  kill(): Promise<void>
}

const LEAVES_WITHIN_MS = 20_000

/** @param settings what it finds in the variable `BENCH_JOBS`, as JSON. */
export function startProgram<Said>(
  name: string,
  [file = '', ...args]: readonly string[],
  settings: object,
): ProgramProcess<Said> {
  // In a process group of its own, so that Ctrl-C reaches the bench alone; it leaves when its input ends.
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, BENCH_JOBS: JSON.stringify(settings) },
  })
  let last: Said | undefined
  let lastWords = ''
  let stopping = false
  const waiting: ((said: Said) => void)[] = []
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = JSON.parse(line) as Said
    waiting.shift()?.(last)
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '') lastWords = line.trim()
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(`${signal ?? `code ${code}`}${lastWords && `: ${lastWords}`}`))
  })
  const failed = ended.then((how): Promise<never> => {
    if (stopping) return new Promise(() => {})
    throw new Error(`${name} ended with ${how}`)
  })
  failed.catch(() => {})
  return {
    get last() {
      return last
    },
    failed,
    next: async (withinMs, signal) => {
      signal?.throwIfAborted()
      const over = new AbortController()
      let late: NodeJS.Timeout | undefined
      try {
        return await Promise.race([
          failed,
          new Promise<Said>((resolve, reject) => {
            waiting.push(resolve)
            const silent = (): void => reject(new Error(`${name} said nothing for ${withinMs / 1000} s`))
            late = setTimeout(silent, withinMs)
            signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal })
          }),
        ])
      } finally {
        clearTimeout(late)
        over.abort()
      }
    },
    write: (order) => child.stdin.write(`${JSON.stringify(order)}\n`),
    stop: async () => {
      stopping = true
      child.stdin.end()
      const late = setTimeout(() => child.kill('SIGKILL'), LEAVES_WITHIN_MS)
      await ended
      clearTimeout(late)
    },
    kill: async () => {
      stopping = true
      child.kill('SIGKILL')
      await ended
    },
  }
}
