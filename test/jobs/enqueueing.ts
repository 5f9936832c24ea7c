import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { connect } from '../../src/connect.ts'
import type { Connection } from '../../src/connection.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type App, type AppOptions, createApp } from '../../src/jobs/app.ts'
import type { Delivery } from '../../src/listener/delivery.ts'
import { type MemoryBrokerControl, memoryBroker } from '../../src/testing/memory-broker.ts'

export interface Enqueueing {
  readonly app: App
  readonly connection: Connection
  readonly broker: MemoryBrokerControl
  /** The next deliveries of a queue, acknowledged. */
  readonly taken: (queue: string, count?: number) => Promise<Delivery[]>
  /** Another application on the same broker. */
  readonly other: (options?: Partial<AppOptions>) => Promise<{ readonly app: App; readonly connection: Connection }>
}

/** An application on a broker of its own in memory; all of it is closed with the test. */
export async function enqueueing(
  context: TestContext,
  options: Partial<AppOptions> = {},
  query = '',
): Promise<Enqueueing> {
  const name = randomUUID()
  const broker = memoryBroker(name)
  context.after(() => broker.reset())
  const other: Enqueueing['other'] = async (given = {}) => {
    const connection = await connect(`failover:(memory://${name})?maxReconnectDelay=20${query}`)
    const app = createApp({ connection, ...given })
    context.after(async () => {
      await app.close()
      await connection.close()
    })
    return { app, connection }
  }
  const { app, connection } = await other(options)
  const taken: Enqueueing['taken'] = async (queue, count = 1) => {
    const deliveries: Delivery[] = []
    for await (const delivery of connection.deliveries(queue)) {
      await delivery.ack()
      if (deliveries.push(delivery) === count) break
    }
    return deliveries
  }
  return { app, connection, broker, taken, other }
}

export const failsWith =
  (code: string, message?: RegExp) =>
  (error: unknown): boolean =>
    error instanceof UnderstudyError && error.code === code && (message?.test(error.message) ?? true)
