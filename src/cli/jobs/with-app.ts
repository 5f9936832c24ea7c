import type { Connection } from '../../connection.ts'
import { prepare } from '../../connect.ts'
import { type App, type AppOptions, createApp } from '../../jobs/app.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { onStores } from './open-stores.ts'
import { terminalLogger } from '../terminal/logger.ts'
import { withConnection } from '../with-connection.ts'

type Stores = Pick<AppOptions, 'failures' | 'ledger' | 'results'>

/** Does one thing with an application on brokers, and closes all of it whatever comes of it. */
export async function withApp<Value>(
  terminal: Terminal,
  { uri, waitMs, ...stores }: Stores & { readonly uri: string; readonly waitMs: number },
  work: (app: App, connection: Connection) => Promise<Value>,
): Promise<Value> {
  return await withConnection(terminal, { uri, waitMs }, async (connection) => {
    await using app = createApp({ connection, ...stores, logger: terminalLogger(terminal.err) })
    return await onStores(() => work(app, connection))
  })
}

/** The same for what needs the stores alone: nothing is dialled. */
export async function withStores<Value>(
  terminal: Terminal,
  stores: Stores,
  work: (app: App) => Promise<Value>,
): Promise<Value> {
  await using connection = await prepare('memory:nowhere')
  await using app = createApp({ connection, ...stores, logger: terminalLogger(terminal.err) })
  return await onStores(() => work(app))
}
