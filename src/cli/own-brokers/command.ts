import { spawn } from 'node:child_process'
import { messageOf } from '../../errors.ts'
import { withoutSecrets } from './uri.ts'

/** How a command of the user's ended. */
export interface CommandEnd {
  /** Null when it was ended from here or by a signal. */
  readonly exitCode: number | null
  /** What it printed on both streams, at most 64 KiB of it, without credentials. */
  readonly output: string
  /** Why it ended, as a clause: `ended with 3`, `was ended after 60 s`. */
  readonly how: string
}

const MOST_OUTPUT = 64 * 1024

/**
 * Runs a command in the user's shell, in a process group of its own: a Ctrl-C that ends the drill must not end what
 * heals. Whatever is left of the group when the time is over, or `signal` fires, is killed.
 */
export function runOwnCommand(
  command: string,
  options: {
    readonly environment: Readonly<Record<string, string>>
    readonly limitMs: number
    readonly signal?: AbortSignal
    readonly secrets: readonly string[]
  },
): Promise<CommandEnd> {
  const { environment, limitMs, signal, secrets } = options
  return new Promise((resolve) => {
    const child = spawn(command, {
      shell: true,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    let output = ''
    const longestSecret = secrets.reduce((longest, { length }) => Math.max(longest, length), 0)
    const mostRead = MOST_OUTPUT + longestSecret
    let ended: string | undefined
    const end = (why: string): void => {
      ended ??= why
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // Gone already.
      }
      // A pipe that something else has kept open must not keep the drill.
      child.stdout.destroy()
      child.stderr.destroy()
    }
    // Where it is cut the first half of a secret may stand, which nothing takes out: it is not shown.
    const shown = (): string => {
      const cleared = withoutSecrets(output, secrets)
      const whole = output.length < mostRead ? cleared.length : Math.max(0, cleared.length - longestSecret)
      return cleared.slice(0, Math.min(whole, MOST_OUTPUT))
    }
    const onAbort = (): void => end('was ended with the drill')
    const timer = setTimeout(() => end(`was ended after ${limitMs / 1000} s`), limitMs)
    const settle = (exitCode: number | null, how: string): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      resolve({
        exitCode: ended === undefined ? exitCode : null,
        output: shown(),
        how: ended ?? how,
      })
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (output.length < mostRead) output = (output + text).slice(0, mostRead)
      })
    }
    child.once('error', (error) => settle(null, `cannot be run: ${messageOf(error)}`))
    // `exit` and not `close`: what it left running in the background may hold its streams, and goes on on purpose.
    child.once('exit', (exitCode, byWhat) => {
      setImmediate(() => {
        child.stdout.destroy()
        child.stderr.destroy()
        settle(exitCode, exitCode === null ? `was ended by ${byWhat}` : `ended with ${exitCode}`)
      })
    })
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}
