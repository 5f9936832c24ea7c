import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { messageOf, UnderstudyError } from '../../src/errors.ts'
import { freePorts } from '../labs/free-ports.ts'
import { labRoot, portsOfLabs } from '../labs/lab-folder.ts'
import { type Direction, ProxiedConnection, type ProxyMood } from './proxied-connection.ts'
import { watchRefusal } from './target-watch.ts'

export interface ProxyTarget {
  /** `127.0.0.1`, `::1` or `localhost`, unless the proxy may go {@link ProxyOptions.beyond} this machine. */
  readonly host: string
  readonly port: number
}

export interface ProxyOptions {
  /** Where connections are passed on to. */
  readonly target: ProxyTarget
  /** Where to listen. Defaults to `127.0.0.1`. */
  readonly host?: string
  /** Defaults to a free port outside the range of outgoing connections, so that it stays free while refusing. */
  readonly port?: number
  /** Whether targets may be on other machines. It listens on this one in any case. Defaults to false. */
  readonly beyond?: boolean
  /**
   * Whether it refuses connections for as long as its target does, from the first that was refused on: to a client a
   * standby behind it is then a standby. It looks every 20 ms whether the target listens. Defaults to false.
   */
  readonly refusesWithTarget?: boolean
  /** Told of every piece as it is passed on, which it must not change. Defaults to none. */
  readonly onBytes?: (direction: Direction, chunk: Buffer) => void
}

/**
 * A TCP proxy within this process that hurts the connections that go through it. It acknowledges at TCP
 * level, so that only heart-beats and deadlines notice a mute one. It keeps at most 256 KiB for each way
 * of each connection beside the sockets' own buffers; past that the sender's window fills.
 *
 * A dial that the target refuses is seen by the client as a connection that is reset at once; those that follow are
 * refused, with {@link ProxyOptions.refusesWithTarget}.
 */
export interface Proxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** How many connections are open on either side, those that were cut and not yet answered included. */
  readonly connections: number
  /** How many connections were accepted since the start. */
  readonly accepted: number
  /** How many bytes were passed on, over all connections. */
  readonly bytes: Readonly<Record<Direction, number>>
  /** How many of those bytes were passed on late, by a delay. */
  readonly lateBytes: Readonly<Record<Direction, number>>
  /** How many connections `cut` and `reset` have ended, on both sides. */
  readonly broken: number
  /** Whether it listens. */
  readonly listening: boolean
  readonly muted: boolean
  /** Ends every connection with a FIN to both sides; what is on its way is dropped. New ones are welcome. */
  cut(): void
  /** Ends every connection with a RST to both sides. New ones are welcome. */
  reset(): void
  /** Stops listening, so that new connections are refused. Those that are open stay. */
  refuse(): Promise<void>
  /** Listens again, on the same port, once its target does where it refuses with that. @throws UnderstudyError `unsupported` when somebody else does. */
  accept(): Promise<void>
  /**
   * Accepts and stays silent: passes nothing on, either way, nor that a side has ended, and dials nothing.
   * Nothing is dropped: after `unmute` everything goes on where it stood, as on a path that has healed.
   */
  mute(): void
  unmute(): void
  /** Like `mute`, one way only, and connections are dialled through. */
  hold(direction: Direction): void
  release(direction: Direction): void
  /** Passes on what is read from now on so many milliseconds later; 0 ends that. */
  delay(delayMs: number, direction: Direction): void
  /** Passes new connections on to another target. */
  retarget(target: ProxyTarget): void
  /** Ends everything; no socket or timer is left when it resolves. Idempotent. */
  close(): Promise<void>
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/
const LONGEST_DELAY_MS = 3_600_000

/**
 * Starts a proxy, and resolves when it listens.
 *
 * @throws UnderstudyError `invalid-option` for a host or target beyond this machine, `unsupported` when the
 * port cannot be listened on.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const host = loopback(options.host ?? '127.0.0.1')
  const port = options.port ?? (await freePorts(1, portsOfLabs(labRoot())))[0] ?? 0
  const beyond = options.beyond ?? false
  let target = checked(options.target, beyond)
  let server: Server | undefined
  let accepted = 0
  let closing: Promise<void> | undefined
  const bytes: Record<Direction, number> = { toClient: 0, toBroker: 0 }
  const lateBytes: Record<Direction, number> = { toClient: 0, toBroker: 0 }
  let broken = 0
  const connections = new Set<ProxiedConnection>()
  const held = new Set<Direction>()
  const delayMs: Record<Direction, number> = { toClient: 0, toBroker: 0 }
  let muted = false
  let onEmpty: (() => void) | undefined
  /** Whether it is to listen, as far as its user is concerned. */
  let open = true
  /** Ends the watch over a target that refuses; undefined while it does not. */
  let endWatch: (() => void) | undefined

  const mood = (): ProxyMood => ({ muted, held, delayMs })
  const applyMood = (): void => {
    for (const connection of connections) connection.apply(mood())
  }
  const welcome = (client: Socket): void => {
    accepted++
    client.setNoDelay(true)
    const connection = new ProxiedConnection(
      {
        client,
        target: () => target,
        onBytes: (direction, chunk, late) => {
          bytes[direction] += chunk.length
          if (late) lateBytes[direction] += chunk.length
          options.onBytes?.(direction, chunk)
        },
        onRefused: () => {
          if (options.refusesWithTarget && closing === undefined) refuseWithTarget()
        },
        onClosed: () => {
          connections.delete(connection)
          if (connection.broken) broken++
          if (connections.size === 0) onEmpty?.()
        },
      },
      mood(),
    )
    connections.add(connection)
  }
  let listening: Promise<void> = Promise.resolve()
  const listen = async (): Promise<void> => {
    if (server !== undefined) return await listening
    listening = listenAnew()
    await listening
  }
  const listenAnew = async (): Promise<void> => {
    const fresh = createServer({ allowHalfOpen: true, pauseOnConnect: true }, welcome)
    server = fresh
    try {
      fresh.listen({ host, port, exclusive: true })
      await once(fresh, 'listening')
    } catch (cause) {
      server = undefined
      const why = messageOf(cause)
      throw new UnderstudyError('unsupported', `the proxy cannot listen on ${host}:${port}: ${why}`, { cause })
    }
  }
  const stopListening = async (): Promise<void> => {
    await listening.catch(() => {})
    // Its port is free at once; its own callback would wait for the connections, which stay.
    server?.close()
    server = undefined
  }
  const refuseWithTarget = (): void => {
    if (endWatch !== undefined) return
    const isOver = (): void => {
      endWatch = undefined
      // A port that somebody else has taken meanwhile may be free again at the next look.
      if (open) listen().catch(refuseWithTarget)
    }
    endWatch = watchRefusal(() => target, isOver)
    void stopListening()
  }
  const shutDown = async (): Promise<void> => {
    open = false
    endWatch?.()
    await stopListening()
    if (connections.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    onEmpty = resolve
    for (const connection of connections) connection.destroy()
    await promise
  }

  await listen()
  const proxy: Proxy = {
    host,
    port,
    get connections() {
      return connections.size
    },
    get accepted() {
      return accepted
    },
    get bytes() {
      return { ...bytes }
    },
    get lateBytes() {
      return { ...lateBytes }
    },
    get broken() {
      return broken
    },
    get listening() {
      return server !== undefined
    },
    get muted() {
      return muted
    },
    cut: () => {
      for (const connection of connections) connection.cut()
    },
    reset: () => {
      for (const connection of connections) connection.reset()
    },
    refuse: async () => {
      open = false
      await stopListening()
    },
    accept: async () => {
      if (closing !== undefined) throw new UnderstudyError('closed', 'the proxy was closed')
      open = true
      if (endWatch === undefined) await listen()
    },
    mute: () => {
      muted = true
      applyMood()
    },
    unmute: () => {
      muted = false
      applyMood()
    },
    hold: (direction) => {
      held.add(direction)
      applyMood()
    },
    release: (direction) => {
      held.delete(direction)
      applyMood()
    },
    delay: (ms, direction) => {
      if (!(ms >= 0 && ms <= LONGEST_DELAY_MS)) {
        throw new UnderstudyError('invalid-option', `a delay must be from 0 to ${LONGEST_DELAY_MS} ms, not ${ms}`)
      }
      delayMs[direction] = ms
      applyMood()
    },
    retarget: (next) => {
      target = checked(next, beyond)
    },
    close: async () => {
      closing ??= shutDown()
      await closing
    },
    [Symbol.asyncDispose]: async () => await proxy.close(),
  }
  return proxy
}

function checked({ host, port }: ProxyTarget, beyond: boolean): ProxyTarget {
  if (!(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new UnderstudyError('invalid-option', `a target's port must be a whole number from 1 to 65535, not ${port}`)
  }
  return { host: beyond ? host : loopback(host), port }
}

function loopback(host: string): string {
  if (LOOPBACK.test(host)) return host
  const message = `a proxy stays on this machine (127.0.0.1, ::1 or localhost), and ${JSON.stringify(host)} is beyond it`
  throw new UnderstudyError('invalid-option', message)
}
