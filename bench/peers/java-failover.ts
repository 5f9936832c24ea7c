import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { delimiter, dirname } from 'node:path'
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findActivemq, findJava } from '../../infra/labs/activemq/installation.ts'
import { findProgram } from '../../infra/mariadb/find-server.ts'

const SOURCE = fileURLToPath(new URL('java-failover/FailoverPeer.java', import.meta.url))
const COMPILE_WITHIN_MS = 60_000

/** ActiveMQ's Java client, compiled and ready to run. */
export interface JavaPeer {
  readonly file: string
  readonly args: readonly string[]
}

/** What is missing for the Java peer, in words; undefined when all is there. */
export function missingForJava(): string | undefined {
  if (findActivemq() === undefined) return 'ActiveMQ is not installed'
  if (findCompiler() === undefined) return 'there is no Java compiler (javac)'
  return undefined
}

/** Compiles the peer into a folder, which is made. @throws Error with the compiler's words when it refuses. */
export async function compileJavaPeer(folder: string, signal: AbortSignal): Promise<JavaPeer> {
  const java = findJava()
  const compiler = findCompiler()
  const jars = findActivemq()?.jars
  if (java === undefined || compiler === undefined || jars === undefined) throw new Error(missingForJava())
  await mkdir(folder, { recursive: true })
  const classPath = jars.join(delimiter)
  const args = ['-nowarn', '-proc:none', '-encoding', 'UTF-8', '-cp', classPath, '-d', folder, SOURCE]
  await promisify(execFile)(compiler, args, { signal, timeout: COMPILE_WITHIN_MS })
  return { file: java, args: ['-Xms32m', '-Xmx128m', '-cp', [folder, classPath].join(delimiter), 'FailoverPeer'] }
}

/** Beside the Java that runs the brokers, else on `PATH`. */
function findCompiler(): string | undefined {
  const java = findJava()
  const beside = java === undefined ? [] : [dirname(java), dirname(realpathSync(java))]
  return findProgram(['javac'], [...beside, ...(process.env['PATH'] ?? '').split(delimiter)])
}
