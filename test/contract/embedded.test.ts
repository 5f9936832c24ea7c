import { contractSuite } from '../../src/testing/contract-suite.ts'
import { brokerSkip } from '../support/brokers.ts'
import { embeddedImpossible } from './impossible.ts'
import { never, openLab } from './lab-broker.ts'

contractSuite({
  name: 'the embedded pair',
  skip: brokerSkip('embedded'),
  impossible: embeddedImpossible,
  open: async () =>
    await openLab('embedded', () => ({
      unroutable: never,
      // It reads no wildcards, and says so.
      refusedSend: async () => ({ destination: 'queue://contract.refused*', headers: {} }),
      refusedSubscription: async () => 'queue://contract.refused.*',
      block: never,
      unblock: never,
      cancel: never,
    })),
})
