// The tortoise's story: a task sleeps for as many moments as it has dots. Tasks about work give the workers nightmares
// until somebody brings food; those that failed before that are searched, sent back, and all is done in the end.
//
//   node examples/tortoise.ts 'failover:(stomp://a:61613,stomp://b:61613)' [failures.db]
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, createApp, defineJob, replyResults, sqliteFailures } from 'understudy-mq'

const uri = process.argv[2] ?? process.env['UNDERSTUDY_URI'] ?? 'memory:tortoise'
const file = process.argv[3] ?? join(mkdtempSync(join(tmpdir(), 'tortoise-')), 'failures.db')
const A_DOT_MS = 10

let isHappy = false
const nap = defineJob({
  name: 'nap',
  queue: 'naps',
  async perform(text: string) {
    if (text.includes('food')) isHappy = true
    if (text.includes('work') && !isHappy) throw new Error(`nightmares of ${text}`)
    await sleep(text.split('.').length * A_DOT_MS - A_DOT_MS)
    return text
  },
})

const connection = await connect(uri)
const awake = new Map<string, () => void>()
const app = createApp({
  connection,
  failures: sqliteFailures(file),
  results: replyResults(),
  observer: ({ type, jobId }) => type === 'succeeded' && awake.get(jobId)?.(),
})
const worker = app.worker({ jobs: [nap], prefetch: 1 })
await worker.start()

/** Whether each ended well, and its id. */
async function give(...texts: string[]): Promise<{ readonly id: string; readonly slept: boolean }[]> {
  const { handles } = await app.enqueueMany(nap, texts)
  const ends = await Promise.allSettled(handles.map((handle) => handle.result()))
  return handles.map(({ id }, index) => ({ id, slept: ends[index]?.status === 'fulfilled' }))
}

const [old] = await give('..old work')
const [kept] = old ? await app.failures.ofJob(old.id) : []
await sleep(1000)

const naps = await give('hello', '...first', '.....naps', '..work', 'more work....', 'no work, thanks')
const bad = naps.filter(({ slept }) => !slept)
console.log(`${naps.length - bad.length} slept, ${bad.length} had nightmares`)

await give('food')
const query = 'error:nightmares status:failed'
console.log(`food came; ${await app.failures.count(query)} failures are about nightmares`)

// What failed half a second after the old one or earlier should not run any more.
const maxAge = Date.now() - (kept?.failedAt ?? 0) - 500
const all = Promise.all(bad.map(({ id }) => new Promise<void>((resolve) => awake.set(id, resolve))))
const would = await app.failures.requeue(query, { maxAge, dryRun: true })
const { sent, tooOld } = await app.failures.requeue(query, { maxAge, actor: 'the tortoise' })
await all
console.log(`${would.claimed} would go, ${sent} went and slept, ${tooOld} was too old`)

const { failures } = await app.failures.search('status:failed')
console.log('still failed:', failures.map(({ preview }) => preview).join(', '))

await app.close() // stops its worker too
await connection.close()
