import { spawnSync } from 'node:child_process'
import { findProgram } from '../mariadb/find-server.ts'

/** A Prometheus found on this machine, and the tool that checks its files. */
export interface PrometheusProgram {
  /** Such as `Prometheus 2.42.0`. */
  readonly product: string
  readonly server: string
  readonly promtool: string
}

const USUAL_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']

/** Looks on `PATH`, then in the usual places. */
export function findPrometheus(
  env: Readonly<Record<string, string | undefined>> = process.env,
): PrometheusProgram | undefined {
  const onPath = (env['PATH'] ?? '').split(':').filter((part) => part !== '')
  const folders = [...onPath, ...USUAL_FOLDERS]
  const server = findProgram(['prometheus'], folders)
  const promtool = findProgram(['promtool'], folders)
  if (server === undefined || promtool === undefined) return undefined
  const { stdout, stderr } = spawnSync(server, ['--version'], { encoding: 'utf8', timeout: 5000 })
  const [, version] = /^prometheus, version (\d+(?:\.\d+)+)/m.exec(`${stdout ?? ''}\n${stderr ?? ''}`) ?? []
  return version === undefined ? undefined : { product: `Prometheus ${version}`, server, promtool }
}
