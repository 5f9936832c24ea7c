import type { Impossible } from '../../src/testing/contract-suite.ts'
import {
  activemqImpossible,
  embeddedImpossible,
  memoryImpossible,
  rabbitmqClassicImpossible,
  rabbitmqQuorumImpossible,
} from './impossible.ts'

/** Where a test that a transport cannot run is made up for: a file and the name of a test in it. */
interface Elsewhere {
  readonly file: string
  readonly test: string
}

export interface SuiteRun {
  readonly transport: string
  /** What the suite is registered in. */
  readonly file: string
  readonly impossible: Impossible
  /** By item. */
  readonly elsewhere: Readonly<Record<number, Elsewhere>>
}

const returned: Elsewhere = {
  file: 'test/producer/producer.test.ts',
  test: 'a message without a queue comes back as returned',
}
const blocked: Elsewhere = {
  file: 'test/producer/producer-blocked.test.ts',
  test: 'a blocked broker owes no confirm in time, and owes it again once it reads on',
}
const cancelled: Elsewhere = {
  file: 'test/listener/subscription.test.ts',
  test: 'a broker that ends the subscription is subscribed again, no more than once a second',
}
const decoded: Elsewhere = { file: 'test/failover/uri.test.ts', test: 'credentials and paths are percent-decoded' }

/** Every run of the suite. */
export const suiteRuns: readonly SuiteRun[] = [
  {
    transport: 'memory',
    file: 'test/contract/memory.test.ts',
    impossible: memoryImpossible,
    elsewhere: {
      4: decoded,
      5: { file: 'test/contract/coverage.test.ts', test: 'an address without TLS takes no TLS settings' },
      44: {
        file: 'test/listener/subscription.test.ts',
        test: 'a subscription that fails for now is tried again; one that fails for good is reported and ends it',
      },
    },
  },
  {
    transport: 'embedded',
    file: 'test/contract/embedded.test.ts',
    impossible: embeddedImpossible,
    elsewhere: {
      4: decoded,
      9: {
        file: 'test/connect.test.ts',
        test: 'connect with wrong credentials ends at once, and nothing of the error shows them',
      },
      19: returned,
      27: blocked,
      38: cancelled,
    },
  },
  {
    transport: 'ActiveMQ',
    file: 'test/contract/activemq.test.ts',
    impossible: activemqImpossible,
    elsewhere: {
      19: returned,
      27: blocked,
      38: cancelled,
      44: {
        file: 'test/connect.test.ts',
        test: 'one poisonous subscription is refused for good, and its listener told; others on the link go on',
      },
    },
  },
  {
    transport: 'RabbitMQ quorum',
    file: 'test/contract/rabbitmq-quorum.test.ts',
    impossible: rabbitmqQuorumImpossible,
    elsewhere: {
      38: {
        file: 'test/adapters/rabbitmq/subscribe.test.ts',
        test: 'a consumer that the broker cancels is told of, and may be subscribed again on the same link',
      },
    },
  },
  {
    transport: 'RabbitMQ classic',
    file: 'test/contract/rabbitmq-classic.test.ts',
    impossible: rabbitmqClassicImpossible,
    elsewhere: {},
  },
]
