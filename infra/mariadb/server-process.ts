import type { ProcessState } from '../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { LabFolder } from '../labs/lab-folder.ts'
import { type ProcessIdentity, processState, signalProcess } from '../labs/processes/process-identity.ts'
import { waitUntil } from '../labs/wait-until.ts'
import type { DatabaseLogin } from './connection.ts'
import type { DatabaseProgram } from './find-server.ts'
import { startDatabase } from './start-server.ts'

const STOP_WITHIN_MS = 20_000
const GONE_WITHIN_MS = 10_000
const PAUSED_WITHIN_MS = 5_000

/** The database server of a lab as a process that can be hurt. Every call is bounded in time. */
export interface ServerProcess {
  /** Undefined when it was never started. */
  pid(): number | undefined
  state(): ProcessState
  /** SIGTERM; returns once it is gone. Ends in SIGKILL when that takes over 20 s. */
  stop(): Promise<void>
  /** SIGSTOP; returns once it is stopped. */
  pause(): Promise<void>
  /** SIGCONT; does nothing to one that is not paused. */
  resume(): Promise<void>
  /** Starts it again on its port and its data, and returns once it answers. Does nothing to one that runs. */
  start(): Promise<void>
}

/** @throws UnderstudyError, from each call, `unsupported` when it is not running, `deadline` when it withstands. */
export function serverProcess(folder: LabFolder, login: DatabaseLogin, program: () => DatabaseProgram): ServerProcess {
  const identity = (): ProcessIdentity | undefined => folder.read().processes['database']?.identity ?? undefined
  const state = (): ProcessState => {
    const found = identity()
    return found === undefined ? 'gone' : processState(found)
  }
  const send = (signal: NodeJS.Signals): void => {
    const found = identity()
    if (found === undefined || !signalProcess(found, signal)) {
      throw new UnderstudyError('unsupported', `the database of ${folder.id} is not running`)
    }
  }
  const until = async (wanted: (state: ProcessState) => boolean, withinMs: number, what: string): Promise<void> => {
    const look = (): true | undefined => wanted(state()) || undefined
    await waitUntil(look, { what: `the database of ${folder.id} ${what}`, withinMs, everyMs: 1 })
  }
  const isGone = (now: ProcessState): boolean => now === 'gone'
  return {
    pid: () => identity()?.pid,
    state,
    stop: async () => {
      send('SIGTERM')
      await until(isGone, STOP_WITHIN_MS, 'gone').catch(async () => {
        signalIfThere(identity(), 'SIGKILL')
        await until(isGone, GONE_WITHIN_MS, 'gone after SIGKILL')
      })
    },
    pause: async () => {
      send('SIGSTOP')
      await until((now) => now === 'paused', PAUSED_WITHIN_MS, 'stopped')
    },
    resume: async () => {
      if (state() !== 'paused') return
      send('SIGCONT')
      await until((now) => now !== 'paused', PAUSED_WITHIN_MS, 'going on')
    },
    start: async () => {
      if (state() === 'gone') await startDatabase(folder, program(), login)
    },
  }
}

/** It may have gone in the same moment, which is what was wanted. */
function signalIfThere(found: ProcessIdentity | undefined, signal: NodeJS.Signals): void {
  if (found !== undefined) signalProcess(found, signal)
}
