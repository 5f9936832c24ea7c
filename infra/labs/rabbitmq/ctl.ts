import { execFile } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { findProgram } from '../../mariadb/find-server.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { withinNamespace } from '../../netns/within-namespace.ts'
import type { LabFolder } from '../lab-folder.ts'
import { LAB_MARK, OWNER_MARK, ROOT_MARK, ownerMark } from '../processes/process-marks.ts'
import { type RabbitmqProgram, cliEnvironment, erlangName } from './config.ts'
import { withoutRabbitmqSecrets } from './secrets.ts'

const CONTROL = 'rabbitmqctl'
// Measured 0.3 s; on a machine where nothing gets its turn, 20 s.
const WITHIN_MS = 60_000

/** Whether that installation has what {@link evaluate} runs. */
export function canEvaluate({ rabbitmq }: Pick<RabbitmqProgram, 'rabbitmq'>): boolean {
  return findProgram([CONTROL], [dirname(rabbitmq.server)]) !== undefined
}

/**
 * Has a node that runs evaluate an Erlang expression, and returns what that came to, as Erlang writes it. The
 * distribution's own `rabbitmqctl` is run, as this user, with the lab's cookie.
 *
 * @throws UnderstudyError `unsupported` with the program's last words when it fails or takes over 60 s.
 */
export function evaluate(
  folder: LabFolder,
  node: string,
  { rabbitmq, erlang }: RabbitmqProgram,
  expression: string,
): Promise<string> {
  const { owner, stays, network } = folder.read()
  const path = [erlang.folder, process.env['PATH'] ?? ''].filter((part) => part !== '').join(delimiter)
  const env = {
    PATH: path,
    LC_ALL: 'C.UTF-8',
    ...cliEnvironment(folder, node),
    // A lab that is taken down meanwhile ends this too.
    [LAB_MARK]: folder.id,
    [ROOT_MARK]: folder.root,
    [OWNER_MARK]: ownerMark(stays ? null : owner),
  }
  const options = { env, cwd: folder.path, timeout: WITHIN_MS, killSignal: 'SIGKILL', encoding: 'utf8' } as const
  const args = ['--quiet', '--node', erlangName(folder, node), 'eval', expression]
  return new Promise((resolve, reject) => {
    const program = { file: join(dirname(rabbitmq.server), CONTROL), args }
    const command = withinNamespace(program, folder.id, network, node)
    execFile(command.file, command.args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout.trim())
      const said = [...stderr.trim().split('\n'), ...stdout.trim().split('\n')].find((line) => line.trim() !== '')
      const why = withoutRabbitmqSecrets(folder, said ?? `no answer within ${WITHIN_MS / 1000} s`)
      reject(new UnderstudyError('unsupported', `node ${node} did not do what rabbitmqctl asked of it: ${why}`))
    })
  })
}
