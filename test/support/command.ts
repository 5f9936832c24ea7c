import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endWithUs } from './at-the-end.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface CommandEnd {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly child: ChildProcess
  /** Resolves with what it is once it stands in either stream; rejects when the command ends without it. */
  readonly saw: (wanted: string | RegExp) => Promise<string>
  readonly ended: Promise<CommandEnd>
}

/** Starts `understudy` as a process of its own, as a user does. Labs go under `labs`, when given. */
export function startCommand(args: readonly string[], labs?: string): RunningCommand {
  return startScript([MAIN, ...args], labs === undefined ? {} : { UNDERSTUDY_LABS: labs })
}

export function runCommand(args: readonly string[], labs?: string): Promise<CommandEnd> {
  return startCommand(args, labs).ended
}

/** Starts Node on a script of its own, as from a shell, also where npm runs the tests. */
export function startScript(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
  const environment = { ...process.env, npm_command: undefined, ...env }
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  child.once('close', endWithUs(child))
  const printed = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text
      for (const watcher of watchers) watcher()
    })
  }
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, ...printed }))
  })
  const saw = (wanted: string | RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const found = (text: string): string | undefined =>
        typeof wanted === 'string' ? (text.includes(wanted) ? wanted : undefined) : wanted.exec(text)?.[0]
      const look = (): void => {
        const text = found(printed.stdout) ?? found(printed.stderr)
        if (text === undefined) return
        watchers.delete(look)
        resolve(text)
      }
      watchers.add(look)
      look()
      void ended.then(({ exitCode, stderr }) => {
        reject(new Error(`it ended with ${exitCode} without ${String(wanted)}: ${stderr}`))
      })
    })
  return { child, saw, ended }
}
