import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { abortReason } from '../../src/clock.ts'
import type { FootprintAnswer, FootprintOrder } from '../peers/footprint-worker.ts'
import { endOf } from '../processes/process-end.ts'

const PROGRAM = fileURLToPath(new URL('../peers/footprint-worker.ts', import.meta.url))
const LEAVES_WITHIN_MS = 3000

/**
 * Has one order done in a process of its own, and hands on what it tells.
 *
 * @throws Error with the client's words, or when the process ends or stays silent for `silentMs`; the
 * signal's reason.
 */
export async function runFootprint(
  order: FootprintOrder,
  silentMs: number,
  signal: AbortSignal,
  onAnswer: (answer: FootprintAnswer) => void,
): Promise<void> {
  const child = fork(PROGRAM, {
    execArgv: ['--expose-gc'],
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const end = endOf(child)
  let late: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${order.client}: ${why}`))
      const listen = (): void => {
        clearTimeout(late)
        late = setTimeout(() => fail(`silent for ${silentMs / 1000} s`), silentMs)
      }
      signal.addEventListener('abort', () => reject(abortReason(signal)), { once: true })
      void end.ended.then((how) => fail(`ended with ${how}`))
      child.on('message', (answer: FootprintAnswer) => {
        listen()
        if ('error' in answer) fail(answer.error)
        else if ('done' in answer) resolve()
        else onAnswer(answer)
      })
      listen()
      child.send(order)
    })
  } finally {
    clearTimeout(late)
    if (child.connected) child.disconnect()
    await end.within(LEAVES_WITHIN_MS)
  }
}
