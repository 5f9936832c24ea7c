import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'

const actions = new Set<() => void>()

/**
 * Has `action` run when this process ends, also when a signal or process.exit ends it before its tests are
 * over; SIGKILL alone leaves no time for it. Returns what calls it off.
 */
export function atTheEnd(action: () => void): () => void {
  if (actions.size === 0) watch()
  actions.add(action)
  return () => {
    actions.delete(action)
    if (actions.size === 0) unwatch()
  }
}

/** Kills a child that is still there when this process ends. Returns what calls it off. */
export function endWithUs(child: ChildProcess): () => void {
  return atTheEnd(() => child.kill('SIGKILL'))
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function watch(): void {
  process.on('exit', run)
  for (const signal of SIGNALS) process.on(signal, leave)
}

function unwatch(): void {
  process.off('exit', run)
  for (const signal of SIGNALS) process.off(signal, leave)
}

function leave(signal: (typeof SIGNALS)[number]): void {
  process.exit(128 + constants.signals[signal])
}

/** The latest first: what was made last may lie in what was made before. */
function run(): void {
  for (const action of [...actions].toReversed()) action()
}
