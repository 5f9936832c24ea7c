import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ANSWERS_WITHIN_MS = 60_000
const LEAVES_WITHIN_MS = 5000

/** One of the programs beside this, in a process of its own. */
export interface Program<Order, Answer> {
  /** @throws Error with the program's words, or when it ends or stays silent for a minute. */
  ask(order: Order): Promise<Exclude<Answer, { readonly error: string }>>
  /** Has it leave, and kills it where it does not within 5 s. Returns once it is gone. */
  stop(): Promise<void>
}

export function startProgram<Order extends object | string, Answer extends object>(
  name: 'dashboard' | 'watchers',
): Program<Order, Answer> {
  const path = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url))
  // In a process group of its own, so that Ctrl-C reaches the bench alone; it leaves when its channel closes.
  const child = fork(path, { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
  })
  return {
    ask: async (order) => {
      let late: NodeJS.Timeout | undefined
      try {
        return await new Promise((resolve, reject) => {
          const fail = (why: string): void => reject(new Error(`the ${name}: ${why}`))
          late = setTimeout(() => fail(`no answer within ${ANSWERS_WITHIN_MS / 1000} s`), ANSWERS_WITHIN_MS)
          void ended.then((how) => fail(`ended with ${how}`))
          child.once('message', (answer: Answer) => {
            if ('error' in answer) fail(String(answer.error))
            else resolve(answer as Exclude<Answer, { readonly error: string }>)
          })
          child.send(order, (error) => error && fail(error.message))
        })
      } finally {
        clearTimeout(late)
      }
    },
    stop: async () => {
      if (child.connected) child.disconnect()
      const kill = setTimeout(() => child.kill('SIGKILL'), LEAVES_WITHIN_MS)
      await ended
      clearTimeout(kill)
    },
  }
}
