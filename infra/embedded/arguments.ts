import { parseArgs } from 'node:util'
import { messageOf, UnderstudyError } from '../../src/errors.ts'
import type { BrokerOptions } from './broker.ts'

/** What the command line says; time and log are the process's own. */
export type BrokerArguments = Omit<BrokerOptions, 'clock' | 'log'>

export const USAGE =
  'usage: main --name NAME --dir DIR --port PORT [--host ADDRESS] [--lock-poll-ms MS] [--login USER --passcode-env NAME]'

const DEFAULT_LOCK_POLL_MS = 250

/**
 * Reads the command line of a broker process.
 *
 * @throws UnderstudyError `invalid-option` naming the argument.
 */
export function parseBrokerArguments(args: readonly string[], env: NodeJS.ProcessEnv): BrokerArguments {
  const values = readOptions(args)
  const { name, dir, login } = values
  if (name === undefined || name === '') throw invalid('--name is missing')
  if (dir === undefined || dir === '') throw invalid('--dir is missing')
  return {
    name,
    dir,
    host: values.host ?? '127.0.0.1',
    port: wholeNumber('--port', values.port, 0, 65_535),
    lockPollMs: wholeNumber('--lock-poll-ms', values['lock-poll-ms'] ?? String(DEFAULT_LOCK_POLL_MS), 10, 60_000),
    credentials: login === undefined ? undefined : { login, passcode: passcode(values['passcode-env'], env) },
  }
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        name: { type: 'string' },
        dir: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        'lock-poll-ms': { type: 'string' },
        login: { type: 'string' },
        'passcode-env': { type: 'string' },
      },
    }).values
  } catch (error) {
    throw invalid(messageOf(error))
  }
}

function passcode(variable: string | undefined, env: NodeJS.ProcessEnv): string {
  if (variable === undefined) throw invalid('--login needs --passcode-env')
  const value = env[variable]
  if (value === undefined) throw invalid(`--passcode-env names ${variable}, which is not set`)
  return value
}

function wholeNumber(option: string, text: string | undefined, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text ?? '') ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) throw invalid(`${option} is not a whole number from ${least} to ${most}`)
  return value
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', message)
}
