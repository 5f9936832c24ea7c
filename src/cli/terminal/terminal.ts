import { messageOf } from '../../errors.ts'
import { EXIT } from '../exit-code.ts'
import { invocation } from '../invocation.ts'

/** Where a command prints, so that a test can read it. Results go out, progress goes to err. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly interactive: boolean
  /**
   * Fires when the user asks the command to end (SIGINT, SIGTERM, SIGHUP), or when nobody reads what it
   * says any more. A second time ends it at once.
   */
  readonly interrupted: AbortSignal
}

// npm passes on a Ctrl-C that the terminal has sent to everybody: what comes twice within this time is one.
const ECHO_MS = 500

/** The process's own. */
export interface ProcessTerminal extends Terminal {
  readonly lostOutput: () => boolean
  /** Takes the signal handlers away again: from then on signals mean what the command makes of them. */
  readonly release: () => void
}

export function processTerminal(): ProcessTerminal {
  const interrupt = new AbortController()
  let lostOutput = false
  let askedAt = 0
  const understudy = invocation(process.env)
  const onSignal = (): void => {
    if (!interrupt.signal.aborted) {
      askedAt = performance.now()
      interrupt.abort()
    } else if (performance.now() - askedAt >= ECHO_MS) {
      // The first one heals and cleans up; whoever asks again does not want to wait for it.
      process.stderr.write(`understudy: ended at once; \`${understudy} lab down\` ends what is left of a lab\n`)
      process.exit(EXIT.interrupted)
    }
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, onSignal)
  // `understudy listen | head` closes the pipe; that is the reader's way to say enough.
  const onPipeClosed = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') interrupt.abort()
  }
  // These two stay: a stream may say so only after the command has ended.
  process.stderr.on('error', onPipeClosed)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    onPipeClosed(error)
    if (error.code === 'EPIPE' || lostOutput) return
    lostOutput = true
    process.stderr.write(`understudy: the output cannot be written: ${messageOf(error)}\n`)
    process.exitCode = EXIT.broken
    interrupt.abort()
  })
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY,
    interrupted: interrupt.signal,
    lostOutput: () => lostOutput,
    release: () => {
      for (const name of signals) process.off(name, onSignal)
    },
  }
}
