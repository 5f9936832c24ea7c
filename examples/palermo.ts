// A job system in the manner of Resque and Palermo: write(queue, type, arguments), workers that take one job at a
// time, and the failed ones kept, to be looked at, removed and sent back.
//
//   node examples/palermo.ts 'failover:(amqp://a:5672,amqp://b:5672)' [failures.db]
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import {
  connect,
  createApp,
  defineJob,
  type JobHandle,
  replyResults,
  type Serializer,
  sqliteFailures,
} from 'understudy-mq'

const uri = process.argv[2] ?? process.env['UNDERSTUDY_URI'] ?? 'memory:palermo'
const file = process.argv[3] ?? join(mkdtempSync(join(tmpdir(), 'palermo-')), 'failures.db')

// Arguments as V8 writes them: a Map, a Date or a BigInt comes back as it was, which JSON cannot do.
const v8Serializer: Serializer = { contentType: 'application/x-v8', encode: serialize, decode: deserialize }

interface Picture {
  readonly name: string
  readonly sizes: ReadonlyMap<string, number>
}

let reads = new Set(['png'])
const thumbnails = defineJob({
  name: 'thumbnails',
  serializer: v8Serializer,
  retry: { attempts: 2, backoff: { delay: 0 } },
  preview: ({ name, sizes }: Picture) => `${name} in ${sizes.size} sizes`,
  perform: ({ name, sizes }) => {
    if (!reads.has(name.split('.').at(-1) ?? '')) throw new TypeError(`cannot read ${name}`)
    return [...sizes.keys()].map((size) => `${size}-${name}`)
  },
})
const TYPES = { thumbnails }

const connection = await connect(uri)
const succeeded = new Map<string, () => void>()
const app = createApp({
  connection,
  failures: sqliteFailures(file),
  results: replyResults(),
  observer: ({ type, jobId }) => type === 'succeeded' && succeeded.get(jobId)?.(),
})

/** The queue is made before the job is written to it, durable, and the job is on disk before this returns. */
async function write(queue: string, type: keyof typeof TYPES, args: Picture): Promise<JobHandle<string[]>> {
  return await app.enqueue(TYPES[type], args, { queue })
}

/** What the failures tell of themselves. */
async function list(): Promise<void> {
  const { failures } = await app.failures.search('status:failed')
  for (const { queue, job, preview, errorClass, errorMessage, attempts } of failures)
    console.log(`failed on ${queue}: ${job} ${preview}; ${errorClass}: ${errorMessage}; ${attempts.length} attempts`)
  console.log(`${failures.length} failed`)
}

const sizes = new Map([
  ['small', 100],
  ['large', 1000],
])
const [png, tiff, txt] = [
  await write('pictures', 'thumbnails', { name: 'sea.png', sizes }),
  await write('pictures', 'thumbnails', { name: 'hill.tiff', sizes }),
  await write('pictures', 'thumbnails', { name: 'notes.txt', sizes }),
]
console.log('3 jobs are written, and there is no worker yet')

const worker = app.worker({ jobs: [thumbnails], queues: ['pictures'], prefetch: 1 })
await worker.start()
console.log('sea.png is', (await png.result()).join(' '))
for (const handle of [tiff, txt]) await handle.result().catch((error: Error) => console.log(error.message))
await list()

await app.failures.remove('error:"notes.txt"')
console.log('a text is no picture: removed')
await list()

reads = new Set(['png', 'tiff'])
const again = new Promise<void>((resolve) => succeeded.set(tiff.id, resolve))
const { sent } = await app.failures.requeue('job:thumbnails error:"cannot read"')
await again
console.log(`the worker reads TIFF now: ${sent} sent back, with the same id, and done`)
await list()

await app.close() // stops its worker too
await connection.close()
