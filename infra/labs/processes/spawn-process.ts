import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { UnderstudyError } from '../../../src/errors.ts'
import { withinNamespace } from '../../netns/within-namespace.ts'
import type { LabFolder } from '../lab-folder.ts'
import { LAB_MARK, OWNER_MARK, ROOT_MARK, ownerMark } from './process-marks.ts'
import { type ProcessIdentity, identify } from './process-identity.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Beside the few variables that every program needs. */
  readonly env?: Readonly<Record<string, string>>
  /** The host of the lab's network that it runs on, where there is one. Defaults to that of the process's own name. */
  readonly host?: string
}

// A broker gets no more of the user's environment than this: what is in there may be secret, and may
// change how it runs.
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'JAVA_HOME', 'LD_LIBRARY_PATH', 'NODE_V8_COVERAGE']

export interface StartedProcess {
  readonly identity: ProcessIdentity
  /** Settles when it has ended, with `code 1` or `SIGKILL`. Does not keep this process alive. */
  readonly ended: Promise<string>
}

/**
 * Starts a process of a lab in a process group of its own, so that Ctrl-C in a terminal does not reach
 * it, and with its output in `<name>.log`. It is written down before it starts and carries the lab's id
 * in its environment: whatever happens to this process, the new one can be found.
 *
 * @throws UnderstudyError `unsupported` when the program cannot be started.
 */
export function spawnProcess(folder: LabFolder, name: string, command: Command): StartedProcess {
  const { owner, stays, network } = folder.read()
  const { file, args } = withinNamespace(command, folder.id, network, command.host ?? name)
  folder.record(name, { identity: null })
  const output = openSync(folder.log(name), 'a', 0o600)
  try {
    const child = spawn(file, args, {
      cwd: folder.path,
      detached: true,
      stdio: ['ignore', output, output],
      env: {
        ...inheritedEnvironment(),
        LC_ALL: 'C.UTF-8',
        TZ: 'UTC',
        ...command.env,
        [LAB_MARK]: folder.id,
        [ROOT_MARK]: folder.root,
        [OWNER_MARK]: ownerMark(stays ? null : owner),
      },
    })
    const ended = new Promise<string>((resolve) => {
      child.once('error', () => resolve('it could not be started'))
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
    })
    // The lab outlives `lab up`; its processes are watched through the operating system.
    child.unref()
    const identity = child.pid === undefined ? undefined : identify(child.pid)
    if (identity === undefined) throw new UnderstudyError('unsupported', `${command.file} could not be started`)
    folder.record(name, { identity })
    return { identity, ended }
  } finally {
    closeSync(output)
  }
}

function inheritedEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of INHERITED) {
    const value = process.env[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}
