import { dirname } from 'node:path'
import type { Lab } from '../lab.ts'
import { listLabFolders } from '../lab-folder.ts'
import { managementPortName } from './config.ts'

/**
 * The management API of the first node of a lab that runs, without credentials; undefined for a lab without
 * one, and while no node runs.
 */
export function managementUrl(lab: Pick<Lab, 'folder' | 'nodes' | 'state'>): string | undefined {
  const folder = listLabFolders(dirname(lab.folder)).find(({ path }) => path === lab.folder)
  const running = lab.nodes.find(({ name }) => lab.state(name) === 'running')
  const port = running && folder?.read().ports[managementPortName(running.name)]
  return port === undefined ? undefined : `http://${running?.host}:${port}`
}
