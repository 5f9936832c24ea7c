import type { Marker, Watch } from '../../../src/drill/broker-control.ts'
import type { Prediction } from '../../../src/drill/fault.ts'
import type { BrokerRole } from './broker.ts'
import type { BrokerProgram } from './installation.ts'
import type { LockerConfiguration } from './jdbc-config.ts'
import type { LabFolder } from '../lab-folder.ts'

/** Connections of one broker to the database. */
export interface HolderConnections {
  readonly node: string
  readonly threads: readonly number[]
}

/** What sets one lab on a shared database apart from another: how the brokers agree on who serves. */
export interface JdbcLocker {
  /** The name of the lab. */
  readonly lab: string
  readonly description: string
  readonly configuration: LockerConfiguration
  /** What decides a takeover, for the lab's settings. */
  readonly settings: Readonly<Record<string, string | number>>
  readonly slowestPeriodMs: number
  readonly slowestTakeoverMs: number
  /** The longest that brokers may take to agree again on who serves, once their lock was tampered with. */
  readonly slowestSettlingMs: number
  /** By the fault's name. */
  readonly predictions: Readonly<Record<string, Prediction>>
  /** Who holds the lock. @throws the driver's error when the database does not answer. */
  holder(folder: LabFolder): Promise<string | undefined>
  /** What `lock-kill` kills; undefined while nobody holds the lock. */
  holderConnections(folder: LabFolder): Promise<HolderConnections | undefined>
  /** What `lock-kill` does, in a few words. */
  readonly lockKillSummary: string
  /** Starts one broker, and returns once it holds the lock or waits for it. @throws what `startBroker` throws. */
  startBroker(
    folder: LabFolder,
    node: string,
    program: BrokerProgram,
    signal: AbortSignal | undefined,
  ): Promise<BrokerRole>
  /** Watches the lock change hands. `isGone` tells whether a node's process is gone. */
  watch(folder: LabFolder, isGone: (node: string) => boolean, onMarker: (marker: Marker) => void): Promise<Watch>
}
