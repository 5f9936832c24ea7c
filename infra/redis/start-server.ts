import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import type { ProcessState } from '../../src/drill/broker-control.ts'
import { UnderstudyError, messageOf } from '../../src/errors.ts'
import { reservePorts } from '../labs/free-ports.ts'
import { type LabFolder, createLabFolder, labRoot, portsOfLabs } from '../labs/lab-folder.ts'
import { lastMeaningfulLine } from '../labs/log-lines.ts'
import { type ProcessIdentity, processState, signalProcess } from '../labs/processes/process-identity.ts'
import { spawnProcess } from '../labs/processes/spawn-process.ts'
import { isListening } from '../labs/tcp-listening.ts'
import { waitUntil } from '../labs/wait-until.ts'
import type { RedisProgram } from './find-server.ts'

const START_WITHIN_MS = 20_000
const GONE_WITHIN_MS = 10_000

export interface StartRedisOptions {
  /** The folder of labs that it gets a folder in. Defaults to that of this user. */
  readonly root?: string
  /** What clients have to know. Defaults to none. */
  readonly password?: string
  /** Speaks TLS and nothing else, with these PEM files; clients need no certificate. Defaults to none. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string }
}

/** A Redis or Valkey server of one's own on 127.0.0.1, which ends with the process that started it. */
export interface RedisServer {
  readonly product: string
  readonly port: number
  /** With the password where there is one. */
  readonly url: string
  state(): ProcessState
  /** SIGTERM; returns once it is gone. */
  stop(): Promise<void>
  /** SIGKILL; returns once it is gone. What it had answered is on disk. */
  kill(): Promise<void>
  /** SIGSTOP; returns once it is stopped. */
  pause(): Promise<void>
  /** SIGCONT; returns once it goes on. */
  resume(): Promise<void>
  /** Starts it again on its port and its data, and returns once it answers. */
  start(): Promise<void>
  /** Ends it and removes its folder. May be called twice. */
  remove(): Promise<void>
}

/** @throws UnderstudyError `unsupported` with the server's own last words when it does not start. */
export async function startRedis(program: RedisProgram, options: StartRedisOptions = {}): Promise<RedisServer> {
  const root = labRoot(options.root)
  const { ports, release } = await reservePorts(1, portsOfLabs(root))
  const [port = 0] = ports
  const folder = createLabFolder(root, 'redis', {
    stays: false,
    nodes: ['redis'],
    scheme: 'redis',
    product: program.product,
    ports: { redis: port },
    settings: {},
  })
  const server = controls(folder, program, port, { ...options, release })
  try {
    await server.start()
  } catch (error) {
    await server.remove()
    throw error
  }
  return server
}

function controls(
  folder: LabFolder,
  program: RedisProgram,
  port: number,
  { release, ...options }: Omit<StartRedisOptions, 'root'> & { readonly release: () => Promise<void> },
): RedisServer {
  const { password, tls } = options
  let isRemoved = false
  const identity = (): ProcessIdentity | undefined =>
    isRemoved ? undefined : (folder.read().processes['redis']?.identity ?? undefined)
  const state = (): ProcessState => {
    const found = identity()
    return found === undefined ? 'gone' : processState(found)
  }
  const send = async (signal: NodeJS.Signals, wanted: (state: ProcessState) => boolean): Promise<void> => {
    const found = identity()
    if (found !== undefined) signalProcess(found, signal)
    const what = `the Redis of ${folder.id} after ${signal}`
    await waitUntil(() => wanted(state()) || undefined, { what, withinMs: GONE_WITHIN_MS, everyMs: 1 })
  }
  const isGone = (now: ProcessState): boolean => now === 'gone'
  return {
    product: program.product,
    port,
    url: `${tls ? 'rediss' : 'redis'}://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    state,
    stop: async () => await send('SIGTERM', isGone),
    kill: async () => await send('SIGKILL', isGone),
    pause: async () => await send('SIGSTOP', (now) => now === 'paused'),
    resume: async () => await send('SIGCONT', (now) => now === 'running'),
    start: async () => {
      if (state() === 'gone') await run(folder, program, port, options)
    },
    remove: async () => {
      await send('SIGKILL', isGone)
      isRemoved = true
      rmSync(folder.path, { recursive: true, force: true })
      await release()
    },
  }
}

async function run(
  folder: LabFolder,
  program: RedisProgram,
  port: number,
  { password, tls }: Omit<StartRedisOptions, 'root'>,
): Promise<void> {
  const started = spawnProcess(folder, 'redis', {
    file: program.server,
    args: [
      ...words({ bind: '127.0.0.1', dir: folder.path, daemonize: 'no' }),
      ...words(tls === undefined ? { port: String(port) } : tlsWords(port, tls)),
      // What is written is handed to the system with every answer, so that a kill loses none of it.
      ...words({ appendonly: 'yes', appendfsync: 'everysec', save: '' }),
      ...(password === undefined ? [] : words({ requirepass: password })),
    ],
  })
  let ended: string | undefined
  void started.ended.then((how) => (ended = how))
  await waitUntil(
    async () => {
      if (ended !== undefined) throw new UnderstudyError('unsupported', `it ended with ${ended}`)
      return (await (tls === undefined ? answers(port) : isListening(port))) || undefined
    },
    { what: 'Redis', withinMs: START_WITHIN_MS, everyMs: 10 },
  ).catch(async (error: unknown) => {
    const said = await lastMeaningfulLine(folder.log('redis'))
    const what = `${program.product} did not start (${messageOf(error)})`
    throw new UnderstudyError('unsupported', said === undefined ? what : `${what}: ${said}`)
  })
}

function words(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
}

function tlsWords(port: number, tls: NonNullable<StartRedisOptions['tls']>): Record<string, string> {
  return {
    port: '0',
    'tls-port': String(port),
    'tls-cert-file': tls.certificateFile,
    'tls-key-file': tls.keyFile,
    'tls-auth-clients': 'no',
  }
}

/** Whether it has read its data; one with a password says so by asking for it. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const finish = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1000, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (said) => finish(/^(\+PONG|-NOAUTH)/.test(said.toString('latin1'))))
    socket.once('end', () => finish(false))
  })
}
