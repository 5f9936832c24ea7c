import type { Aim, Fault, Prediction } from '../../../src/drill/fault.ts'
import { messageOf } from '../../../src/errors.ts'
import type { ServerProcess } from '../../mariadb/server-process.ts'

export const DATABASE_FAULT_NAMES = ['db-restart', 'db-pause'] as const

/**
 * Waits for the brokers to agree again on who serves, or brings them to it; returns what was done, undefined
 * when nothing was needed.
 */
export type Settle = (signal: AbortSignal) => Promise<string | undefined>

/**
 * What the database that all brokers of a lab share can suffer. `bringBack` starts whoever ended meanwhile; a pause
 * leaves them to themselves otherwise, so that its heal is the moment at which the database goes on.
 */
export function databaseFaults(
  database: ServerProcess,
  predictions: Readonly<Record<string, Prediction>>,
  settle: Settle,
  bringBack: () => Promise<string | undefined>,
): readonly Fault[] {
  return [
    {
      name: 'db-restart',
      summary: 'SIGTERM to the database, which is started again at once',
      expects: 'service',
      heals: 'after-recovery',
      predicted: predictions['db-restart'],
      missing: () => Promise.resolve(undefined),
      aim: ({ signal }) => Promise.resolve(aimAtRestart(database, () => settle(signal))),
    },
    {
      name: 'db-pause',
      summary: 'SIGSTOP to the database',
      expects: 'service',
      heals: 'after-hold',
      predicted: predictions['db-pause'],
      missing: () => Promise.resolve(undefined),
      aim: () => Promise.resolve(aimAtPause(database, bringBack)),
    },
  ]
}

function aimAtRestart(database: ServerProcess, settle: () => Promise<string | undefined>): Aim {
  const pid = database.pid()
  let restart: Promise<unknown> | undefined
  return {
    target: 'database',
    endpoint: null,
    done: 'restarted',
    finding: undefined,
    inject: async () => {
      restart ??= Promise.resolve()
      await database.stop()
      // The fault took effect when it was gone; how long its return takes is not waited for.
      restart = database.start().catch((error: unknown) => error)
    },
    proof: () =>
      Promise.resolve(database.pid() !== pid ? `the database's process ${pid} is gone (SIGTERM)` : undefined),
    heal: async () => {
      if (restart === undefined) return undefined
      const failure = await restart
      // Once more, as what kept it from starting may be over.
      const again = database.state() === 'gone' ? 'the database was started once more' : undefined
      if (again !== undefined) await database.start()
      return joined([again === undefined ? undefined : `${again} (${messageOf(failure)})`, await settle()])
    },
  }
}

function aimAtPause(database: ServerProcess, bringBack: () => Promise<string | undefined>): Aim {
  let injected = false
  return {
    target: 'database',
    endpoint: null,
    done: 'paused',
    finding: undefined,
    inject: async () => {
      injected = true
      await database.pause()
    },
    proof: () =>
      Promise.resolve(database.state() === 'paused' ? "the database's process is paused (SIGSTOP)" : undefined),
    heal: async () => {
      if (!injected) return undefined
      const paused = database.state() === 'paused'
      await database.resume()
      return joined([paused ? 'continued (SIGCONT)' : undefined, await bringBack()])
    },
  }
}

function joined(clauses: readonly (string | undefined)[]): string | undefined {
  const said = clauses.filter((clause) => clause !== undefined)
  return said.length === 0 ? undefined : said.join(', ')
}
