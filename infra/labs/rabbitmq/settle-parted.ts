import type { BrokerControl, BrokerNode } from '../../../src/drill/broker-control.ts'
import type { LabFolder } from '../lab-folder.ts'
import { readPartitions, readRunningNodes } from './management.ts'
import { waitUntil } from '../wait-until.ts'

const WITHIN_MS = 30_000

export interface PartedCluster {
  readonly folder: LabFolder
  readonly control: Pick<BrokerControl, 'kill' | 'start'>
}

/**
 * Once nodes reach each other again: waits for them to be one cluster. Nodes that were apart for longer than
 * net_ticktime meet again as two clusters, of which one has to be restarted, by RabbitMQ's own advice for
 * `cluster_partition_handling = ignore`; that is the one that was cut off. Returns that it was, else undefined.
 */
export async function settleParted(
  { folder, control }: PartedCluster,
  { name }: Pick<BrokerNode, 'name'>,
): Promise<string | undefined> {
  const { nodes } = folder.read()
  const ask = async (question: (folder: LabFolder, node: string) => Promise<string[]>): Promise<string[][]> =>
    await Promise.all(nodes.map(async (node) => await question(folder, node).catch((): string[] => [])))
  const look = async (): Promise<'whole' | 'parted' | undefined> => {
    if ((await ask(readPartitions)).some((lost) => lost.length > 0)) return 'parted'
    const views = await ask(readRunningNodes)
    return views.every((view) => nodes.every((node) => view.includes(node))) ? 'whole' : undefined
  }
  const waiting = { what: 'the nodes are no one cluster', withinMs: WITHIN_MS, everyMs: 100 }
  // What they are then is the drill's to find out.
  const met = await waitUntil(look, waiting).catch(() => undefined)
  if (met !== 'parted') return undefined
  await control.kill(name)
  await control.start(name)
  return `${name} was restarted, as the nodes had parted`
}
