import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Exit, EXIT } from '../../exit-code.ts'
import type { ProcessTerminal } from '../../terminal/terminal.ts'
import { withMetricsOf } from './metrics-address.ts'
import { WORKER_SIGNALS } from './signals.ts'

const OPTION = '--processes'
// One that dies at once, again and again, must not take the machine along.
const REPLACE_MS = 1000

/** The words of a command line without the option that asks for several processes. */
export function withoutProcesses(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => {
    return word !== OPTION && words[index - 1] !== OPTION && !word.startsWith(`${OPTION}=`)
  })
}

/**
 * Runs the same worker in so many processes, and passes signals on to them. One that is killed is replaced; one that
 * ends by itself, as for want of a job file, ends them all.
 *
 * @throws Exit with the code of the first that did not end with 0.
 */
export async function runProcesses(terminal: ProcessTerminal, count: number): Promise<void> {
  terminal.release()
  const words = [...process.execArgv, ...process.argv.slice(1, 2), ...withoutProcesses(process.argv.slice(2))]
  const running = new Set<ChildProcess>()
  const replacements = new Set<NodeJS.Timeout>()
  const { promise: over, resolve: allEnded } = Promise.withResolvers<void>()
  let isEnding = false
  let worst = 0

  const start = (number: number): void => {
    const child = spawn(process.execPath, withMetricsOf(words, number), { stdio: ['ignore', 'pipe', 'inherit'] })
    running.add(child)
    // Line by line, so that those of several do not get into each other.
    createInterface({ input: child.stdout }).on('line', (line) => terminal.out(`${line}\n`))
    child.once('error', () => ended(number, child, EXIT.broken, null))
    child.once('close', (code, signal) => ended(number, child, code, signal))
  }
  const ended = (number: number, child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void => {
    if (!running.delete(child)) return
    if (signal !== null && !isEnding) {
      terminal.err(`worker process ${child.pid} was ended by ${signal}; another takes its place\n`)
      const timer = setTimeout(() => {
        replacements.delete(timer)
        start(number)
      }, REPLACE_MS)
      replacements.add(timer)
      return
    }
    worst ||= code ?? EXIT.interrupted
    if (!isEnding) end('SIGTERM')
    if (running.size === 0) allEnded()
  }
  const end = (signal: NodeJS.Signals): void => {
    isEnding = true
    for (const timer of replacements) clearTimeout(timer)
    replacements.clear()
    for (const child of running) child.kill(signal)
    if (running.size === 0) allEnded()
  }
  const passOn = (signal: NodeJS.Signals): void => {
    if (ENDING.has(signal)) end(signal)
    else for (const child of running) child.kill(signal)
  }

  for (const signal of WORKER_SIGNALS) process.on(signal, passOn)
  terminal.interrupted.addEventListener('abort', () => end('SIGTERM'), { once: true })
  for (let number = 0; number < count; number++) start(number)
  await over
  for (const signal of WORKER_SIGNALS) process.off(signal, passOn)
  // Each has said its line.
  if (worst !== 0) throw new Exit(worst)
}

const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'])
