import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer, Order } from '../peers/worker.ts'
import { endOf } from '../processes/process-end.ts'
import type { Done } from './work.ts'

const PROGRAM = fileURLToPath(new URL('../peers/worker.ts', import.meta.url))
const ANSWERS_WITHIN_MS = 60_000
const LEAVES_WITHIN_MS = 3000

/** A client in a process of its own, so that no two share a heap, compiled code or an event loop. */
export interface Worker {
  /** @throws Error with the client's words, or when it ends or stays silent for a minute. */
  order(order: Order): Promise<Done>
  /** Tells it to leave, and kills it when it does not within 3 s. Returns once it is gone. */
  stop(): Promise<void>
}

/** `execArgv` are options of Node itself, such as `--cpu-prof`. */
export function startWorker(name: string, execArgv: readonly string[] = []): Worker {
  // In a process group of its own, so that Ctrl-C reaches the bench alone; it leaves when its channel closes.
  const child = fork(PROGRAM, { execArgv: [...execArgv], detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const lastWords = lastLineOf(child)
  const end = endOf(child)
  return {
    order: async (order) => {
      let late: NodeJS.Timeout | undefined
      try {
        return await new Promise<Done>((resolve, reject) => {
          const fail = (why: string): void => reject(new Error(`${name}: ${why}`))
          late = setTimeout(() => fail(`no answer within ${ANSWERS_WITHIN_MS / 1000} s`), ANSWERS_WITHIN_MS)
          void end.ended.then((how) => fail(`ended with ${how}${lastWords()}`))
          child.once('message', (answer: Answer) => ('done' in answer ? resolve(answer.done) : fail(answer.error)))
          child.send(order, (error) => error && fail(error.message))
        })
      } finally {
        clearTimeout(late)
        child.removeAllListeners('message')
      }
    },
    stop: async () => {
      if (child.connected) child.disconnect()
      await end.within(LEAVES_WITHIN_MS)
    },
  }
}

function lastLineOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-4000)))
  return () => {
    const words = text.split('\n').findLast((line) => /error/i.test(line))
    return words === undefined ? '' : `: ${words.trim()}`
  }
}
