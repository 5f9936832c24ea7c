/// <reference types="node" preserve="true" />

// The contract suite, for whoever writes an adapter
export {
  contractGroups,
  contractSuite,
  type ContractSuiteOptions,
  type Impossible,
  skipReason,
} from './contract-suite.ts'
export type { ContractBroker, ContractDoor, ContractTls, Situation } from './contract/broker.ts'
export type { ContractGroup, ContractTest } from './contract/contract-test.ts'
export type { Connect } from './contract/stage.ts'

// The contract suites of stores, for whoever writes one
export { type FailureStoreSuiteOptions, failureStoreSuite, failureStoreTests } from './failure-store/suite.ts'
export type { FailureStorePlace, FailureStoreTest } from './failure-store/place.ts'
export {
  type LedgerPlace,
  type LedgerSuiteOptions,
  type LedgerTest,
  ledgerSuite,
  ledgerTests,
} from './ledger/suite.ts'
export { keptResultsSuite, type ResultsSuiteOptions } from './results/results-suite.ts'

// The in-memory broker and its faults, for an application's own tests
export { type MemoryBrokerControl, type MemoryDoor, memoryBroker } from './memory-broker.ts'

// Failures in memory, for an application's own tests
export { memoryFailures, type MemoryFailuresOptions } from '../../adapters/memory/failures.ts'
