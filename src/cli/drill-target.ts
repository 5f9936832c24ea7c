import type { Transport } from '../transport/transport.ts'
import { type DrillOptions, labOf } from './drill-options.ts'
import type { DrillLab } from './drill-run.ts'
import { Exit, EXIT } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** Where a drill gets its brokers from. */
export interface DrillTargets {
  readonly terminal: Terminal
  /** Puts a lab up that ends with this process. */
  readonly upLab: (name: string, signal: AbortSignal, onProgress: (line: string) => void) => Promise<DrillLab>
  /** What can be done to that lab. @throws UnderstudyError `invalid-option` for an unknown name. */
  readonly faultNames: (lab: string) => readonly string[]
  /** Why that lab cannot run on this machine, as a clause; undefined when it can. */
  readonly missing: (lab: string) => string | undefined
  /** The adapter for the lab's endpoints. */
  readonly transport: (lab: DrillLab) => Promise<Transport>
}

/** Whatever happens in between, the lab is taken down. An interrupt counts once everything is healed. */
export async function withLab<Value>(
  options: DrillOptions,
  { terminal, upLab }: DrillTargets,
  use: (lab: DrillLab) => Promise<Value>,
): Promise<Value> {
  const { interrupted } = terminal
  const name = labOf(options)
  let lab: DrillLab | undefined
  try {
    lab = await upLab(name, interrupted, (line) => terminal.err(`lab ${name}: ${line}\n`))
    return await use(lab)
  } catch (error) {
    if (interrupted.aborted) throw new Exit(EXIT.interrupted, 'interrupted; the brokers were healed and taken down')
    throw error
  } finally {
    await lab?.down()
  }
}
