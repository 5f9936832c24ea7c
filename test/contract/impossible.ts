import type { Impossible } from '../../src/testing/contract-suite.ts'
import { HAS_IPV6 } from './lab-broker.ts'

const noIpv6: Impossible = HAS_IPV6 ? {} : { ipv6: 'this machine has no ::1' }

/** What STOMP itself has no words for. */
const stompImpossible: Impossible = {
  ...noIpv6,
  unroutable: 'a STOMP broker makes a queue for every name',
  block: 'STOMP has no frame that says so; the broker reads on later, or not',
  cancel: 'STOMP has no frame that ends a subscription from the side of the broker',
}

export const embeddedImpossible: Impossible = {
  ...stompImpossible,
  credentials: 'the lab asks for none',
  'wrong-login': 'the lab asks for no credentials',
}

export const activemqImpossible: Impossible = {
  ...stompImpossible,
  'refused-subscription': 'a user of the lab may subscribe to everything',
}

export const memoryImpossible: Impossible = {
  credentials: 'every user name and password is taken',
  tls: 'there is no socket',
  ipv6: 'there is no socket',
  'refused-subscription': 'it takes every subscription',
}

export const rabbitmqClassicImpossible: Impossible = noIpv6

export const rabbitmqQuorumImpossible: Impossible = {
  ...noIpv6,
  // Seen with 3.10.8: the queue is gone, and its consumer is told of it in some runs and in others never.
  cancel: 'RabbitMQ does not always tell a consumer that its quorum queue was deleted',
}
