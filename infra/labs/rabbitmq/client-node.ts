import type { ProcessState } from '../../../src/drill/broker-control.ts'
import type { LabFolder } from '../lab-folder.ts'
import { askRunningNodes, readPublishersNodes } from './management.ts'
import { waitUntil } from '../wait-until.ts'

/** The nodes tell the API of their channels every 5 s. */
const TOLD_WITHIN_MS = 8_000

/**
 * The node that a client is connected to that publishes with confirms, which of a lab's clients the drill's
 * producer alone does. Undefined when the nodes told of none, or of several on different nodes, for 8 s.
 */
export async function producersNode(
  folder: LabFolder,
  stateOf: (node: string) => ProcessState,
): Promise<string | undefined> {
  const look = async (): Promise<string | undefined> => {
    const answers = await askRunningNodes(folder, stateOf, async (node) => await readPublishersNodes(folder, node))
    const nodes = new Set(answers[0])
    const [only] = nodes
    return nodes.size === 1 ? only : undefined
  }
  const wait = { what: 'the node of the producer', withinMs: TOLD_WITHIN_MS, everyMs: 250 }
  return await waitUntil(look, wait).catch(() => undefined)
}
