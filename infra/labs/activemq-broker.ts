import { UnderstudyError, messageOf } from '../../src/errors.ts'
import type { LockParty, LockView } from '../mariadb/lock-holder.ts'
import { brokerCommand, parseLogLine } from './activemq-config.ts'
import type { ActivemqInstallation, JdbcDriver } from './activemq-installation.ts'
import { withLockView } from './activemq-lock.ts'
import { brokerUser, readSecrets, withoutSecrets } from './activemq-secrets.ts'
import type { LabFolder } from './lab-folder.ts'
import { lastMeaningfulLine, sizeOf } from './log-lines.ts'
import { portOf } from './node-control.ts'
import { spawnProcess } from './spawn-process.ts'
import { answersStomp } from './stomp-greeting.ts'
import { waitUntil } from './wait-until.ts'

const READY_WITHIN_MS = 60_000

/** What a broker is run with. */
export interface BrokerProgram {
  readonly java: string
  readonly activemq: ActivemqInstallation
  readonly driver: JdbcDriver
}

/** How far a broker has come: it has the lock, or it waits for it. */
export type BrokerRole = 'holder' | 'waiting'

/**
 * Starts one broker, and returns once the database shows that it holds the lock or waits for it.
 *
 * @throws UnderstudyError `unsupported` when it ended before that, with the last meaningful line of its
 * log; `deadline` after 60 s, with the same.
 */
export async function startBroker(
  folder: LabFolder,
  node: string,
  program: BrokerProgram,
  signal: AbortSignal | undefined,
): Promise<BrokerRole> {
  const logged = await sizeOf(folder.log(node))
  return await withLockView(folder, async (look) => {
    // A broker that was killed while it waited is still in the queue, until InnoDB's lock wait is over.
    const before = new Set(partiesOf(await look(), node).map(({ party }) => party.thread))
    const command = brokerCommand(folder, node, program.java, program.activemq, program.driver)
    const { ended } = spawnProcess(folder, node, command)
    let end: string | undefined
    void ended.then((how) => (end = how))
    const roleOf = async (): Promise<BrokerRole | undefined> => {
      if (end !== undefined) throw new UnderstudyError('unsupported', `it ended with ${end}`)
      return partiesOf(await look(), node).find(({ party }) => !before.has(party.thread))?.role
    }
    const what = 'it neither got the lock nor waits for it'
    const options = { what, withinMs: READY_WITHIN_MS, everyMs: 10, signal }
    return await waitUntil(roleOf, options).catch(async (error: unknown) => {
      throw signal?.aborted ? error : await failure(folder, node, logged, error)
    })
  })
}

/**
 * Returns once the broker answers a STOMP client on its own port.
 *
 * @throws UnderstudyError `deadline` after 60 s, with the last meaningful line of its log.
 */
export async function untilServing(folder: LabFolder, node: string, signal: AbortSignal | undefined): Promise<void> {
  const port = portOf(folder.read().ports, node)
  const { client } = readSecrets(folder)
  const options = { what: 'no answer to a STOMP client', withinMs: READY_WITHIN_MS, everyMs: 10, signal }
  const look = async (): Promise<true | undefined> => ((await answersStomp(port, client)) ? true : undefined)
  await waitUntil(look, options).catch(async (error: unknown) => {
    throw signal?.aborted ? error : await failure(folder, node, 0, error)
  })
}

function partiesOf(view: LockView, node: string): { role: BrokerRole; party: LockParty }[] {
  const user = brokerUser(node)
  return [
    ...(view.holder === undefined ? [] : [{ role: 'holder' as const, party: view.holder }]),
    ...view.waiting.map((party) => ({ role: 'waiting' as const, party })),
  ].filter(({ party }) => party.user === user)
}

async function failure(folder: LabFolder, node: string, from: number, error: unknown): Promise<UnderstudyError> {
  const line = await lastMeaningfulLine(folder.log(node), from)
  const said = line === undefined ? '' : `: ${parseLogLine(line)?.text ?? line}`
  const code = error instanceof UnderstudyError ? error.code : 'unsupported'
  const text = `broker ${node} did not start (${messageOf(error)})${said}`
  return new UnderstudyError(code, withoutSecrets(folder, text), { cause: error })
}
