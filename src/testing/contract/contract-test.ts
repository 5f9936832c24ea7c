import type { Situation } from './broker.ts'
import type { Stage } from './stage.ts'

/** One test of the suite. An item of the list may have several. */
export interface ContractTest {
  /** Its number in the list of what the client promises. */
  readonly item: number
  /** A sentence about behaviour. */
  readonly title: string
  /** What the broker has to be brought into; empty for nothing out of the ordinary. */
  readonly needs: readonly Situation[]
  /** Resolves when the broker behaves so, and rejects when it does not. */
  readonly run: (stage: Stage) => Promise<void>
}

/** Tests of the contract that belong together. */
export interface ContractGroup {
  readonly name: string
  readonly tests: readonly ContractTest[]
}
