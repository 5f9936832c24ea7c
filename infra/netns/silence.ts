import { bridgeOf, INNER, type LabNetwork, namespaceOf } from './network.ts'
import { ip, ipLists } from './ip-command.ts'

/** Paths that can be made to lead nowhere, as if packets were lost on the way. */
export interface Paths {
  /** From the next packet on, both ways. What is under way on open connections waits; nobody is told anything. */
  silence(): Promise<void>
  /** Whether every one of them leads nowhere, both ways. */
  areSilent(): Promise<boolean>
  /** Undoes it, and returns whether there was something to undo. */
  restore(): Promise<boolean>
}

/** This machine, beside the hosts of a lab's network. */
export const THIS_MACHINE: unique symbol = Symbol('this machine')

type End = string | typeof THIS_MACHINE

// Nobody on the bridge has it: what is sent there is delivered to nobody, and no error comes back as it would from a
// route that is a black hole.
const NOBODY = '02:00:00:00:00:01'

interface Entry {
  readonly namespace: string | undefined
  readonly device: string
  /** Who cannot be reached from there. */
  readonly address: string
}

/** The paths between one host of a lab's network and some others of it, or this machine. */
export function pathsBetween(id: string, network: LabNetwork, host: string, others: readonly End[]): Paths {
  const addressOf = (end: End): string => (end === THIS_MACHINE ? network.own : (network.hosts[end] ?? network.own))
  const entryAt = (end: End, towards: End): Entry =>
    end === THIS_MACHINE
      ? { namespace: undefined, device: bridgeOf(id), address: addressOf(towards) }
      : { namespace: namespaceOf(id, end), device: INNER, address: addressOf(towards) }
  const entries = others.flatMap((other) => [entryAt(host, other), entryAt(other, host)])
  return {
    silence: async () => {
      await Promise.all(
        entries.map(async ({ namespace, device, address }) => {
          await ip([`neigh replace ${address} lladdr ${NOBODY} dev ${device} nud permanent`], namespace)
        }),
      )
    },
    areSilent: async () => {
      const found = await Promise.all(entries.map(isSilent))
      return found.every((silent) => silent)
    },
    restore: async () => {
      const undone = await Promise.all(
        entries.map(async (entry) => {
          if (!(await isSilent(entry))) return false
          await ip([`neigh del ${entry.address} dev ${entry.device}`], entry.namespace)
          return true
        }),
      )
      return undone.includes(true)
    },
  }
}

async function isSilent({ namespace, device, address }: Entry): Promise<boolean> {
  const neighbours = await ipLists(['neigh', 'show', 'to', address, 'dev', device], namespace)
  return neighbours.some(({ lladdr }) => lladdr === NOBODY)
}
