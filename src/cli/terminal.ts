/** Where a command prints, so that a test can read it. Results go out, progress goes to err. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly interactive: boolean
  /** Fires when the user asks the command to end (SIGINT or SIGTERM). A second time ends it at once. */
  readonly interrupted: AbortSignal
}

/** The process's own. `release` takes the signal handlers away again. */
export function processTerminal(): Terminal & { readonly release: () => void } {
  const interrupt = new AbortController()
  const onSignal = (): void => {
    // The first one heals and cleans up; whoever asks again does not want to wait for it.
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const name of signals) process.on(name, onSignal)
  // `understudy listen | head` closes the pipe; that is the reader's way to say enough.
  const onPipeClosed = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') interrupt.abort()
  }
  process.stdout.on('error', onPipeClosed)
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY,
    interrupted: interrupt.signal,
    release: () => {
      for (const name of signals) process.off(name, onSignal)
      process.stdout.off('error', onPipeClosed)
    },
  }
}
