import { connect, type Socket } from 'node:net'
import { systemClock, type Timer } from '../../src/clock.ts'

const LOOK_EVERY_MS = 20
// Whoever lets a dial wait does not refuse it.
const ANSWER_WITHIN_MS = 1000

/** Whether a dial failed because nobody listens there. */
export function isRefusal(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNREFUSED'
}

/**
 * Dials a target that refuses connections again and again, and calls `onOver` once, when it no longer does: when it
 * takes one, on which nothing is sent, or fails in another way. Returns what ends that.
 */
export function watchRefusal(
  target: () => { readonly host: string; readonly port: number },
  onOver: () => void,
): () => void {
  let timer: Timer | undefined
  let socket: Socket | undefined
  let ended = false
  const end = (): void => {
    ended = true
    timer?.cancel()
    socket?.destroy()
  }
  const over = (): void => {
    if (ended) return
    end()
    onOver()
  }
  const lookSoon = (): void => {
    timer = systemClock.after(LOOK_EVERY_MS, look)
  }
  const look = (): void => {
    timer = systemClock.after(ANSWER_WITHIN_MS, over)
    socket = connect(target())
    socket.once('connect', over)
    socket.on('error', (error) => {
      if (ended) return
      timer?.cancel()
      if (isRefusal(error)) lookSoon()
      else over()
    })
  }
  lookSoon()
  return end
}
