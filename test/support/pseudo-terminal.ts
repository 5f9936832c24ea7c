/** Commands in a terminal of their own, as a person has one in front of them. */
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endWithUs } from './at-the-end.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** What is missing here for it; undefined where nothing is. Other systems' `script` has other options. */
export const NO_PSEUDO_TERMINAL: string | undefined = spawnSync('script', ['--version'], {
  encoding: 'utf8',
}).stdout?.includes('util-linux')
  ? undefined
  : 'there is no `script` of util-linux'

export interface AtTerminal {
  readonly exitCode: number | null
  /** What stood on the screen, of both streams. */
  readonly screen: string
}

export interface TerminalSession {
  /** Resolves once it stands on the screen; rejects when the command ends without it. */
  readonly saw: (wanted: string) => Promise<void>
  /** As typed. */
  readonly type: (text: string) => void
  /** Nothing is typed any more. */
  readonly endInput: () => void
  readonly ended: Promise<AtTerminal>
}

/** Runs `understudy` in a pseudo terminal. */
export function atTerminal(args: readonly string[]): TerminalSession {
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, npm_command: undefined, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.once('close', endWithUs(child))
  // A command that has ended reads no more.
  child.stdin.on('error', () => {})
  let screen = ''
  const watchers = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    for (const watcher of watchers) watcher()
  })
  const ended = new Promise<AtTerminal>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, screen }))
  })
  return {
    saw: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!screen.includes(wanted)) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
        void ended.then(({ exitCode }) => {
          reject(new Error(`it ended with ${exitCode} without ${JSON.stringify(wanted)}: ${screen}`))
        }, reject)
      }),
    type: (text) => void child.stdin.write(text),
    endInput: () => void child.stdin.end(),
    ended,
  }
}
