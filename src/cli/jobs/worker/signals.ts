/** What signals do to a worker. */
export interface SignalActions {
  /** TERM, INT, HUP: end within the grace. */
  readonly stop: () => void
  /** QUIT: end once all that is in hand is finished. */
  readonly drain: () => void
  /** One that ends it came again: let go of what is in hand. */
  readonly force: () => void
  /** USR2, TSTP. */
  readonly pause: () => void
  /** CONT. */
  readonly resume: () => void
  /** USR1: abort what is in hand, and stay. */
  readonly abort: () => void
  /** TTIN. */
  readonly describe: () => void
}

const MEANING = {
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGHUP: 'stop',
  SIGQUIT: 'drain',
  SIGUSR2: 'pause',
  SIGTSTP: 'pause',
  SIGCONT: 'resume',
  SIGUSR1: 'abort',
  SIGTTIN: 'describe',
} as const satisfies Partial<Record<NodeJS.Signals, keyof SignalActions>>

/** The signals that a worker answers. */
export const WORKER_SIGNALS: readonly NodeJS.Signals[] = Object.keys(MEANING) as (keyof typeof MEANING)[]

/** npm passes on a Ctrl-C that the terminal has sent to everybody: what comes twice within these milliseconds is one. */
export const ECHO_MS = 500

/**
 * Answers signals until the returned function is called. From then on they are passed over: the process is ending with
 * an exit code of its own, which the system's answer to a late signal would replace.
 */
export function onWorkerSignals(actions: SignalActions, now: () => number = () => performance.now()): () => void {
  let endingSince: number | undefined
  let isOver = false
  for (const [name, meaning] of Object.entries(MEANING)) {
    process.on(name, () => {
      if (isOver) return
      if (meaning !== 'stop' && meaning !== 'drain') {
        actions[meaning]()
      } else if (endingSince === undefined) {
        endingSince = now()
        actions[meaning]()
      } else if (now() - endingSince >= ECHO_MS) {
        actions.force()
      }
    })
  }
  return () => {
    isOver = true
  }
}
