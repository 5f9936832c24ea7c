import { UnderstudyError } from '../../src/errors.ts'
import type { SignalControl } from '../../src/drill/process-faults.ts'
import { isListening } from './tcp-listening.ts'
import { waitUntil } from './wait-until.ts'

const LOOK_EVERY_MS = 100

/**
 * Brings a pair back in order after its lock was tampered with: one broker serves and holds the lock, the other
 * stands by. The brokers may come to that by themselves within `withinMs`, and are only then made to: one that serves
 * without the lock is killed, before it writes more into what is not its own any longer, and whoever is gone is
 * started. When `signal` fires they are made to at once.
 *
 * Returns what was done, as a clause such as `a was started again`; undefined when nothing was needed.
 */
export async function settlePair(
  processes: SignalControl,
  withinMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  await untilSettled(processes, withinMs, signal)
  const killed = new Set<string>()
  for (const node of await listeningNodes(processes)) {
    if ((await processes.active()) === node) continue
    await processes.kill(node)
    killed.add(node)
  }
  const started = await startGone(processes)
  return inWords(started, (node) => (killed.has(node) ? ', which served without the lock, was killed and' : ' was'))
}

/** Starts every broker whose process is gone, and returns that as a clause; undefined when there is none. */
export async function bringBack(processes: SignalControl): Promise<string | undefined> {
  return inWords(await startGone(processes), () => ' was')
}

async function startGone({ nodes, state, start }: SignalControl): Promise<string[]> {
  const gone = nodes.map(({ name }) => name).filter((name) => state(name) === 'gone')
  for (const name of gone) await start(name)
  return gone
}

function inWords(started: readonly string[], what: (node: string) => string): string | undefined {
  if (started.length === 0) return undefined
  return started.map((node) => `${node}${what(node)} started again`).join(', ')
}

/** Returns when the one that serves is the one that holds the lock, or when the time is up. */
async function untilSettled(processes: SignalControl, withinMs: number, signal: AbortSignal): Promise<void> {
  const look = async (): Promise<true | undefined> => {
    const [serving, another] = await listeningNodes(processes)
    if (serving === undefined || another !== undefined) return undefined
    // While the database is away nobody can tell.
    const holder = await processes.active().catch(() => undefined)
    return holder === serving ? true : undefined
  }
  const what = 'one broker that holds the lock and serves'
  await waitUntil(look, { what, withinMs, everyMs: LOOK_EVERY_MS, signal }).catch((error: unknown) => {
    if (!signal.aborted && !(error instanceof UnderstudyError)) throw error
  })
}

async function listeningNodes({ nodes }: SignalControl): Promise<string[]> {
  const listening = await Promise.all(nodes.map(({ port, host }) => isListening(port, host)))
  return nodes.filter((_, index) => listening[index] === true).map(({ name }) => name)
}
