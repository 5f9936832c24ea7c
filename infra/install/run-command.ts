import { spawn } from 'node:child_process'

/** How a command ended, and the last of what it said. */
export interface CommandEnd {
  /** Null when it was ended by a signal. */
  readonly code: number | null
  readonly timedOut: boolean
  readonly tail: readonly string[]
}

export interface RunOptions {
  readonly withinMs: number
  /** Asks the command to leave in order. */
  readonly signal?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string>>
}

const TAIL_LINES = 12
/** How long a command may take to leave after it was asked, before it is ended. */
const LEAVE_WITHIN_MS = 120_000

/**
 * Runs a command to its end in a process group of its own: a Ctrl-C in the terminal does not reach it,
 * and is passed on to the command alone. A package manager in the middle of its work finishes the step
 * it is in; only if it does not leave is it killed.
 */
export function runCommand(argv: readonly string[], options: RunOptions): Promise<CommandEnd> {
  return new Promise((resolve) => {
    const [file = '', ...args] = argv
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C', ...options.env },
    })
    const output: string[] = []
    let timedOut = false
    let kill: NodeJS.Timeout | undefined
    const ask = (): void => {
      child.kill('SIGINT')
      kill ??= setTimeout(() => child.kill('SIGKILL'), LEAVE_WITHIN_MS)
    }
    const timer = setTimeout(() => {
      timedOut = true
      ask()
    }, options.withinMs)
    options.signal?.addEventListener('abort', ask, { once: true })
    if (options.signal?.aborted) ask()
    const finish = (code: number | null, last?: string): void => {
      clearTimeout(timer)
      clearTimeout(kill)
      options.signal?.removeEventListener('abort', ask)
      const lines = output.join('').split(/\r?\n|\r/)
      const tail = [...lines, ...(last === undefined ? [] : [last])]
        .map((line) => line.trim())
        .filter((line) => line !== '')
      resolve({ code, timedOut, tail: tail.slice(-TAIL_LINES) })
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output.push(text)
        // Only the end matters; an installation says much.
        if (output.length > 500) output.splice(0, 250)
      })
    }
    child.once('error', (error) => finish(null, error.message))
    child.once('close', (code) => finish(code))
  })
}
