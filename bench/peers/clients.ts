import type { OpenClient, Target } from './client.ts'

interface Client {
  readonly protocols: readonly Target['protocol'][]
  readonly load: () => Promise<{ readonly open: OpenClient }>
}

/** Every client that is compared, by its name in tables. */
export type ClientName =
  | 'amqplib'
  | 'amqplib, mandatory'
  | 'amqp-connection-manager'
  | 'rabbitmq-client'
  | 'rascal'
  | 'stompit'
  | 'stompit ChannelPool'
  | 'stompit ConnectFailover'
  | '@stomp/stompjs'
  | 'understudy'

/** Each is loaded when it is used, in a process of its own. */
export const CLIENTS: Readonly<Record<ClientName, Client>> = {
  amqplib: { protocols: ['amqp'], load: () => import('./amqplib.ts') },
  'amqplib, mandatory': { protocols: ['amqp'], load: () => import('./amqplib-mandatory.ts') },
  'amqp-connection-manager': { protocols: ['amqp'], load: () => import('./amqp-connection-manager.ts') },
  'rabbitmq-client': { protocols: ['amqp'], load: () => import('./rabbitmq-client.ts') },
  rascal: { protocols: ['amqp'], load: () => import('./rascal.ts') },
  stompit: { protocols: ['stomp'], load: () => import('./stompit.ts') },
  'stompit ChannelPool': { protocols: ['stomp'], load: () => import('./stompit-channel-pool.ts') },
  'stompit ConnectFailover': { protocols: ['stomp'], load: () => import('./stompit-failover.ts') },
  '@stomp/stompjs': { protocols: ['stomp'], load: () => import('./stompjs.ts') },
  understudy: { protocols: ['amqp', 'stomp'], load: () => import('./understudy.ts') },
}

/** The bare driver that the others are measured against. */
export const RAW: Readonly<Record<Target['protocol'], ClientName>> = { amqp: 'amqplib', stomp: 'stompit' }

export const OURS: ClientName = 'understudy'

/** Those that speak a protocol: the bare driver first, ours last. */
export function clientsFor(protocol: Target['protocol']): ClientName[] {
  const names = Object.keys(CLIENTS) as ClientName[]
  return names.filter((name) => CLIENTS[name].protocols.includes(protocol))
}
