/** A dashboard in a process of its own: it gets its order, answers with its address, and leaves with its channel. */
import { prepare } from '../../../src/connect.ts'
import { createDashboard } from '../../../src/dashboard/dashboard.ts'
import { messageOf } from '../../../src/errors.ts'

export interface DashboardOrder {
  readonly uri: string
  /** The folder that the drills go to. */
  readonly drills: string
  readonly queues: readonly string[]
}

export type DashboardAnswer = { readonly url: string } | { readonly error: string }

process.once('message', (order: DashboardOrder) => {
  serve(order).catch((error: unknown) => process.send?.({ error: messageOf(error) } satisfies DashboardAnswer))
})

async function serve({ uri, drills, queues }: DashboardOrder): Promise<void> {
  const connection = await prepare(uri)
  const dashboard = createDashboard({ connection, drills, queues })
  process.once('disconnect', () => void dashboard.close().then(() => connection.close()))
  const { url } = await dashboard.listen({ port: 0 })
  // As the command does.
  connection.connected().catch(() => {})
  process.send?.({ url } satisfies DashboardAnswer)
}
