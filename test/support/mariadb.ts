import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { reservePorts } from '../../infra/labs/free-ports.ts'
import { createLabFolder } from '../../infra/labs/lab-folder.ts'
import { type DatabaseLogin, withDatabase } from '../../infra/mariadb/connection.ts'
import { findDatabaseProgram } from '../../infra/mariadb/find-server.ts'
import { type ServerProcess, serverProcess } from '../../infra/mariadb/server-process.ts'
import { installDatabase, startNewDatabase } from '../../infra/mariadb/start-server.ts'
import { newLabRoot } from './lab-root.ts'

/** Why tests against MariaDB are skipped here, or false; a failure with `UNDERSTUDY_REQUIRE_BROKERS=1`. */
export function mariadbSkip(): string | false {
  if (findDatabaseProgram() !== undefined) return false
  const reason = 'neither MariaDB nor MySQL is installed; run `understudy lab install`'
  if (process.env['UNDERSTUDY_REQUIRE_BROKERS'] === '1') throw new Error(`UNDERSTUDY_REQUIRE_BROKERS is set: ${reason}`)
  return reason
}

/** A server of a test file's own on 127.0.0.1, which ends with this process at the latest. */
export interface TestDatabase {
  readonly port: number
  readonly process: ServerProcess
  /** Who may do everything with databases of this server. */
  readonly login: DatabaseLogin
  /** The URI of an empty database of that name. */
  database(name: string): Promise<string>
  /** Statements of the one who may do everything. */
  run(...statements: readonly string[]): Promise<void>
  remove(): Promise<void>
}

/** `more` are arguments of the server's own. */
export async function startMariadb(more: readonly string[] = []): Promise<TestDatabase> {
  const program = findDatabaseProgram()
  if (program === undefined) throw new Error('no MariaDB here')
  // It is stopped and started again by tests, and nobody may take its port meanwhile.
  const { ports, release } = await reservePorts(1)
  const [port = 0] = ports
  const folder = createLabFolder(newLabRoot('mariadb'), 'mariadb', {
    stays: false,
    nodes: ['database'],
    scheme: 'mysql',
    product: program.product,
    ports: { database: port },
    settings: {},
  })
  const login = { port, user: 'tester', password: `s3cret${randomBytes(8).toString('hex')}` }
  const signal = new AbortController().signal
  await installDatabase(folder, program, signal)
  await startNewDatabase(
    folder,
    program,
    login,
    [
      `CREATE USER 'tester'@'127.0.0.1' IDENTIFIED BY '${login.password}'`,
      "GRANT ALL ON *.* TO 'tester'@'127.0.0.1' WITH GRANT OPTION",
    ],
    signal,
    more,
  )
  const server = serverProcess(folder, login, () => program)
  const run = async (...statements: readonly string[]): Promise<void> =>
    await withDatabase(login, async (connection) => {
      for (const statement of statements) await connection.query(statement)
    })
  return {
    port,
    process: server,
    login,
    run,
    database: async (name) => {
      await run(`CREATE DATABASE \`${name}\``)
      return `mysql://${login.user}:${login.password}@127.0.0.1:${port}/${name}`
    },
    remove: async () => {
      if (server.state() === 'paused') await server.resume()
      if (server.state() !== 'gone') await server.stop()
      rmSync(folder.path, { recursive: true, force: true })
      await release()
    },
  }
}
