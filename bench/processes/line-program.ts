import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { endOf } from './process-end.ts'

/** A program in a process of its own, which says one thing a line, as JSON. */
export interface LineProgram<Said> {
  /** The next thing that it says. @throws Error when it ends instead, or is silent for `withinMs`; the signal's reason. */
  next(withinMs: number, signal?: AbortSignal): Promise<Said>
  /** The last thing that it said. */
  readonly last: Said | undefined
  /** Tells it that, as JSON on a line. */
  write(order: unknown): void
  /** Tells it that, letter by letter. */
  tell(text: string): void
  /** Rejects when it ends without having been told to. */
  readonly failed: Promise<never>
  /** Has it leave, and kills it when it does not in time. Returns once it is gone, with how it ended. */
  stop(): Promise<string>
  /** Kills it. Returns once it is gone. */
  kill(): Promise<void>
}

export interface LineProgramOptions<Said> {
  /** Beside the bench's own environment. Defaults to none. */
  readonly env?: Readonly<Record<string, string>>
  /** How long it has to leave once its input ends, in milliseconds. Defaults to 20,000. */
  readonly leavesWithinMs?: number
  /** Told of everything that it says. */
  readonly onSaid?: (said: Said) => void
}

/** @param name how it is called where it fails. */
export function startLineProgram<Said>(
  name: string,
  [file = '', ...args]: readonly string[],
  { env = {}, leavesWithinMs = 20_000, onSaid }: LineProgramOptions<Said> = {},
): LineProgram<Said> {
  // In a process group of its own, so that Ctrl-C reaches the bench alone; it leaves when its input ends.
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: { ...process.env, ...env } })
  const end = endOf(child)
  let last: Said | undefined
  let lastWords = ''
  let stopping = false
  const waiting: ((said: Said) => void)[] = []
  // It may be gone before it has read what it was told.
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = JSON.parse(line) as Said
    onSaid?.(last)
    waiting.shift()?.(last)
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '') lastWords = line.trim()
  })
  const failed = end.ended.then((how): Promise<never> => {
    if (stopping) return new Promise(() => {})
    throw new Error(`${name} ended with ${how}${lastWords && `: ${lastWords}`}`)
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
    tell: (text) => child.stdin.write(text),
    write: (order) => child.stdin.write(`${JSON.stringify(order)}\n`),
    stop: async () => {
      stopping = true
      child.stdin.end()
      return await end.within(leavesWithinMs)
    },
    kill: async () => {
      stopping = true
      child.kill('SIGKILL')
      await end.ended
    },
  }
}
