/** Claims everything in portions, as one of several processes would: FILE NAME. Prints the ids that it got. */
import { sqliteFailures } from '../../../src/stores.ts'

const [file = '', name = ''] = process.argv.slice(2)
const store = sqliteFailures(file)
await store.open()
process.send?.('ready')
await new Promise((resolve) => process.once('message', resolve))
const ids: string[] = []
for (let round = 0; ; round++) {
  const batch = `${name}-${round}`
  const claimed = await store.claim({ kind: 'all' }, { batch, limit: 70, actor: name, at: Date.now() })
  if (claimed === 0) break
  const mine = await store.claimed(batch, 1_000)
  ids.push(...mine.map(({ id }) => id))
}
await store.close()
process.send?.(ids)
process.disconnect()
