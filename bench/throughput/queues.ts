import { type ChannelModel, connect } from 'amqplib'
import { targetUrl } from '../peers/client.ts'
import { RAW } from '../peers/clients.ts'
import type { Broker } from './broker.ts'
import { startWorker, type Worker } from './worker-process.ts'

/** Makes, fills, counts and empties the queues that clients are measured on, outside of what is timed. */
export interface Queues {
  /** Makes a durable queue of the broker's type where queues have to be made. */
  make(queue: string): Promise<void>
  /** Puts that many messages into it, or as many as it gets in within 20 s; returns how many. */
  fill(queue: string, messages: number, bodyBytes: number): Promise<number>
  /** How many messages are in it; it is gone, or empty, afterwards. */
  countAndRemove(queue: string, expected: number): Promise<number>
  close(): Promise<void>
}

const FILLS_WITHIN_MS = 20_000
const WINDOW = 1000
// stompit was seen to stall for good on ActiveMQ with a prefetch of 1,000 and more.
const PREFETCH = 200

export async function openQueues(broker: Broker): Promise<Queues> {
  const { target } = broker
  const client = RAW[target.protocol]
  const filler = startWorker('the filler')
  const work = { replies: '', withinMs: FILLS_WITHIN_MS, window: WINDOW }
  const fill = async (queue: string, messages: number, bodyBytes: number): Promise<number> => {
    const order = { client, target, work: { ...work, kind: 'publish', queue, messages, bodyBytes } as const }
    return (await filler.order(order)).count
  }
  if (target.protocol === 'stomp')
    return { make: async () => {}, fill, ...stompQueues(broker, filler, { ...work, window: PREFETCH }) }
  const connection = await connect(targetUrl(target))
  // A broker that goes away is heard of by every call.
  connection.on('error', () => {})
  return { ...amqpQueues(connection, target.queueType, filler), fill }
}

function stompQueues(
  { target }: Broker,
  filler: Worker,
  work: { readonly replies: string; readonly withinMs: number; readonly window: number },
): Pick<Queues, 'countAndRemove' | 'close'> {
  return {
    // STOMP cannot ask: everything is taken out, which finds a message that is missing but none too many.
    countAndRemove: async (queue, expected) => {
      if (expected === 0) return 0
      const order = { ...work, kind: 'consume', queue, messages: expected, bodyBytes: 0 } as const
      return (await filler.order({ client: RAW.stomp, target, work: order })).count
    },
    close: async () => await filler.stop(),
  }
}

function amqpQueues(
  connection: ChannelModel,
  type: string,
  filler: Worker,
): Pick<Queues, 'make' | 'countAndRemove' | 'close'> {
  return {
    make: async (queue) => {
      const channel = await connection.createChannel()
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } })
      await channel.close()
    },
    countAndRemove: async (queue) => {
      const channel = await connection.createChannel()
      const { messageCount } = await channel.deleteQueue(queue)
      await channel.close()
      return messageCount
    },
    close: async () => {
      await filler.stop()
      await connection.close()
    },
  }
}
