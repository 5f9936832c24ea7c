import type { BrokerControl } from '../../src/drill/broker-control.ts'
import type { LabFolder } from './lab-folder.ts'
import type { LabState } from './lab-state.ts'

/** Whether a lab can run on this machine, with what, or why not and what to do about it. */
export type Availability =
  | { readonly available: true; readonly detail: string }
  | { readonly available: false; readonly reason: string; readonly remedy: string }

/** A running group of brokers. */
export interface Lab extends BrokerControl {
  /** Names this one among several of the same kind, such as `embedded-1f2e3d4c`. */
  readonly id: string
  /** The folder with its configuration, data and logs. */
  readonly folder: string
  /** Whether it ends with the process that put it up; otherwise it stays until somebody takes it down. */
  readonly owned: boolean
  /** `failover:(…)` over all nodes, or over the entrances where there are any, without credentials. */
  readonly failoverUri: string
  /** How long each step of putting it up took, in milliseconds. */
  readonly timings: Readonly<Record<string, number>>
  /** The brokers' pids by node, where a process is known. */
  pid(node: string): number | undefined
  /**
   * Copies {@link BrokerControl.files} into a folder, which is created; returns their names there.
   *
   * @throws UnderstudyError `storage` when they cannot be written, such as on a full disk.
   */
  collect(directory: string): Promise<string[]>
  /**
   * Ends every process of the lab, paused ones too, and removes its folder. Returns once they are gone.
   * Taking it down twice does nothing.
   */
  down(): Promise<void>
}

/** What is done while a lab is put up. */
export interface UpContext {
  readonly signal: AbortSignal
  /** Runs one step, says so, and notes how long it took. */
  readonly step: <T>(name: string, action: () => Promise<T>) => Promise<T>
}

/** What stands in a lab's state before anything is started. */
export interface Blueprint extends Pick<LabState, 'nodes' | 'scheme' | 'product' | 'settings'> {
  /** What else needs a port beside the nodes, such as `database`. */
  readonly otherPorts: readonly string[]
}

/** One sort of lab: how to put it up, and how to use one that is up, from its folder alone. */
export interface LabKind {
  readonly name: string
  readonly description: string
  /** The names of its control's faults, in the same order, known before it is up. */
  readonly faultNames: readonly string[]
  /** `understudy` is what this program is called in a command that the remedy names. */
  availability(understudy: string): Availability
  /** @throws UnderstudyError `unsupported` when it cannot run here. */
  blueprint(): Blueprint
  /** Starts everything in the folder, and returns once the first node serves and the others stand by. */
  start(folder: LabFolder, context: UpContext): Promise<void>
  control(folder: LabFolder): BrokerControl
}
