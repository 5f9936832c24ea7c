import assert from 'node:assert/strict'
import type { Aim } from '../../../src/drill/fault.ts'
import type { Lab } from '../../../infra/labs/lab.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'

/** A fault of a lab, aimed at what it would hurt now; `signal` is the drill's, which ends when it is given up. */
export async function aimed(lab: Lab, name: string, signal: AbortSignal = new AbortController().signal): Promise<Aim> {
  const fault = lab.faults.find((one) => one.name === name)
  assert(fault, `no fault ${name}`)
  assert.equal(await fault.missing(), undefined)
  const aim = await fault.aim({ queue: 'q', clientNode: undefined, signal })
  assert(aim, `${name} has no target`)
  return aim
}

export async function proofOf(aim: Aim): Promise<string> {
  return await waitUntil(async () => await aim.proof(), { what: 'a proof', withinMs: 10_000 })
}

/** Waits until the holder of the lock is the only broker that accepts connections. */
export async function oneServes(lab: Lab, answers: (node: string) => Promise<boolean>): Promise<string> {
  const look = async (): Promise<string | undefined> => {
    const holder = await lab.active()
    const serving: string[] = []
    for (const { name } of lab.nodes) if (await answers(name)) serving.push(name)
    return holder !== undefined && serving.join() === holder ? holder : undefined
  }
  return await waitUntil(look, { what: 'one broker that holds the lock and serves', withinMs: 60_000 })
}
