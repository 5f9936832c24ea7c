import { contractSuite } from '../../src/testing/contract-suite.ts'
import { brokerSkip } from '../support/brokers.ts'
import { activemqImpossible } from './impossible.ts'
import { never, openLab } from './lab-broker.ts'

for (const lab of ['activemq-jdbc', 'activemq-kahadb']) {
  contractSuite({
    name: `ActiveMQ (${lab})`,
    skip: brokerSkip(lab),
    impossible: activemqImpossible,
    open: async () =>
      await openLab(lab, () => ({
        unroutable: never,
        // ActiveMQ takes header lines of up to 10 KiB.
        refusedSend: async () => ({ destination: 'queue://contract.refused', headers: { long: 'x'.repeat(12_000) } }),
        refusedSubscription: never,
        block: never,
        unblock: never,
        cancel: never,
      })),
  })
}
