import { UnderstudyError, messageOf } from '../../../src/errors.ts'
import { brokerCommand, parseLogLine } from './config.ts'
import type { BrokerProgram } from './installation.ts'
import { readSecrets, withoutSecrets } from './secrets.ts'
import { hostOf } from '../host-of.ts'
import type { LabFolder } from '../lab-folder.ts'
import { lastMeaningfulLine, sizeOf } from '../log-lines.ts'
import { portOf } from '../processes/node-control.ts'
import { spawnProcess } from '../processes/spawn-process.ts'
import { answersStomp } from '../stomp-greeting.ts'
import { waitUntil } from '../wait-until.ts'

const READY_WITHIN_MS = 60_000
/** From the lock to a broker that answers; measured 0.2 s on an idle machine. */
export const PROMOTION_MS = 5_000

/** How far a broker has come: it has the lock, or it waits for it. */
export type BrokerRole = 'holder' | 'waiting'

/**
 * Starts one broker, and returns once `roleOf` tells that it holds the lock or waits for it.
 *
 * @throws UnderstudyError `unsupported` when it ended before that, with the last meaningful line of its
 * log; `deadline` after 60 s, with the same.
 */
export async function startBroker(
  folder: LabFolder,
  node: string,
  program: BrokerProgram,
  roleOf: () => Promise<BrokerRole | undefined>,
  signal: AbortSignal | undefined,
): Promise<BrokerRole> {
  const logged = await sizeOf(folder.log(node))
  const { ended } = spawnProcess(folder, node, brokerCommand(folder, node, program))
  let end: string | undefined
  void ended.then((how) => (end = how))
  const look = async (): Promise<BrokerRole | undefined> => {
    if (end !== undefined) throw new UnderstudyError('unsupported', `it ended with ${end}`)
    return await roleOf()
  }
  const options = { what: 'it neither got the lock nor waits for it', withinMs: READY_WITHIN_MS, everyMs: 10, signal }
  return await waitUntil(look, options).catch(async (error: unknown) => {
    throw signal?.aborted ? error : await failure(folder, node, logged, error)
  })
}

/**
 * Returns once the broker answers a STOMP client on its own port.
 *
 * @throws UnderstudyError `deadline` after 60 s, with the last meaningful line of its log.
 */
export async function untilServing(folder: LabFolder, node: string, signal: AbortSignal | undefined): Promise<void> {
  const state = folder.read()
  const port = portOf(state.ports, node)
  const host = hostOf(state, node)
  const { client } = readSecrets(folder)
  const options = { what: 'no answer to a STOMP client', withinMs: READY_WITHIN_MS, everyMs: 10, signal }
  const look = async (): Promise<true | undefined> => ((await answersStomp(port, client, host)) ? true : undefined)
  await waitUntil(look, options).catch(async (error: unknown) => {
    throw signal?.aborted ? error : await failure(folder, node, 0, error)
  })
}

async function failure(folder: LabFolder, node: string, from: number, error: unknown): Promise<UnderstudyError> {
  const line = await lastMeaningfulLine(folder.log(node), from)
  const said = line === undefined ? '' : `: ${parseLogLine(line)?.text ?? line}`
  const code = error instanceof UnderstudyError ? error.code : 'unsupported'
  const text = `broker ${node} did not start (${messageOf(error)})${said}`
  return new UnderstudyError(code, withoutSecrets(folder, text), { cause: error })
}
