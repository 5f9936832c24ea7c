import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type BrokerLogLine, parseLogLine } from '../../../infra/embedded/log.ts'
import { endWithUs } from '../../support/at-the-end.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../../infra/embedded/main.ts', import.meta.url))
const DEADLINE_MS = 15_000

/** A broker process as a test sees it. */
export class BrokerProcess {
  readonly name: string
  readonly lines: BrokerLogLine[] = []
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #watchers = new Set<() => void>()
  stderr = ''

  constructor(name: string, dir: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.name = name
    const command = ['--name', name, '--dir', dir, '--port', '0', '--lock-poll-ms', '50', ...args]
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.#exited = once(this.#child, 'close')
    this.#child.once('close', endWithUs(this.#child))
    const { stdout, stderr } = this.#child
    if (stdout === null || stderr === null) throw new Error('the broker has no output')
    createInterface({ input: stdout }).on('line', (text) => {
      const line = parseLogLine(text)
      if (line === undefined) return
      this.lines.push(line)
      for (const check of this.#watchers) check()
    })
    stderr.on('data', (chunk) => (this.stderr += String(chunk)))
    void this.#exited.then(() => {
      for (const check of this.#watchers) check()
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get exitCode(): number | null {
    return this.#child.exitCode
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** The line of this event, once it is there. */
  async event<E extends BrokerLogLine['event']>(event: E): Promise<Extract<BrokerLogLine, { event: E }>> {
    const find = (): BrokerLogLine | undefined => this.lines.find((line) => line.event === event)
    await this.#until(() => find() !== undefined || this.hasExited, `${this.name} to log ${event}`)
    const line = find()
    if (line === undefined) throw new Error(`${this.name} ended without ${event}: ${this.stderr}`)
    return line as Extract<BrokerLogLine, { event: E }>
  }

  has(event: BrokerLogLine['event']): boolean {
    return this.lines.some((line) => line.event === event)
  }

  async port(): Promise<number> {
    return (await this.event('serving')).port
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it with a signal and returns its exit code, null when the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.signal(signal)
    return this.exit()
  }

  async exit(): Promise<number | null> {
    await this.#until(() => this.hasExited, `${this.name} to end`)
    await this.#exited
    return this.exitCode
  }

  /** Closes our end of its stdout, as a parent that died would. */
  dropOutput(): void {
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(
      () => reject(new Error(`waited for ${what}; it said ${JSON.stringify(this.lines)}, ${this.stderr}`)),
      DEADLINE_MS,
    )
    const check = (): void => {
      if (condition()) resolve()
    }
    this.#watchers.add(check)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#watchers.delete(check)
    }
  }
}

/** A folder of its own, and the brokers that are started in it; all ended and removed at the end. */
export class Pair implements AsyncDisposable {
  readonly dir: string = temporaryFolder('embedded')
  readonly #started: BrokerProcess[] = []

  start(name: string, args?: readonly string[], env?: NodeJS.ProcessEnv): BrokerProcess {
    const broker = new BrokerProcess(name, this.dir, args, env)
    this.#started.push(broker)
    return broker
  }

  /** Starts `a`, which serves, and `b`, which stands by. */
  async startBoth(): Promise<{ a: BrokerProcess; b: BrokerProcess; port: number }> {
    const a = this.start('a')
    const port = await a.port()
    const b = this.start('b')
    await b.event('standby')
    return { a, b, port }
  }

  /** Deletes a file of the pair. */
  remove(file: string): void {
    rmSync(join(this.dir, file))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const broker of this.#started) {
      if (!broker.hasExited) broker.signal('SIGKILL')
      await broker.exit()
    }
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** Whether somebody accepts connections on the port. */
export async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits until the condition holds, looking often. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
