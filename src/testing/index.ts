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
