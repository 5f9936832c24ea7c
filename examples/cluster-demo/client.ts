// Sends tasks: node examples/cluster-demo/client.ts <number> <seconds> [--quorum] [--random] [--repeat-after S] [--time]
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type App, connect, createApp } from 'understudy-mq'
import { createAccount, createInvoice, options, uri, WAITS_AT_MOST_MS } from './tasks.ts'

const USAGE = `Usage: client <number of tasks> <seconds that each takes>
  --quorum          create invoices, over the quorum queue, instead of accounts
  --random          each takes a random time, on average that many seconds
  --repeat-after S  do it again after so many seconds, until interrupted
  --time            wait for all results, and say how long it took
`
// What a failover may take on top.
const PATIENCE_MS = 60_000

const asked = readArguments()
if (asked === undefined) process.exitCode = 64
else if (asked === 'help') process.stdout.write(USAGE)
else
  await run(asked).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })

interface Asked {
  readonly tasks: number
  readonly seconds: number
  readonly quorum: boolean
  readonly random: boolean
  readonly time: boolean
  readonly repeatAfter: number | undefined
}

async function run(asked: Asked): Promise<void> {
  const connection = await connect(uri)
  const app = createApp({ connection, ...options })
  try {
    await send(app, asked)
  } finally {
    await app.close()
    await connection.close()
  }
}

async function send(app: App, { tasks, seconds, quorum, random, time, repeatAfter }: Asked): Promise<void> {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
  const task = quorum ? createInvoice : createAccount
  for (;;) {
    const began = performance.now()
    const since = (): string => `${((performance.now() - began) / 1000).toFixed(3)}s`
    const list = Array.from({ length: tasks }, () => (random ? 2 * seconds * Math.random() : seconds))
    // Each is confirmed by the broker, and none waits for the confirm of the one before.
    const { handles } = await app.enqueueMany(task, list, { result: time })
    console.log(`Finished sending tasks after ${since()}`)
    if (time) {
      const timeout = WAITS_AT_MOST_MS + 2000 * seconds + PATIENCE_MS
      const ends = await Promise.allSettled(
        handles.map(async (handle) => await handle.result({ timeout, signal: interrupted.signal })),
      )
      const missing = ends.filter(({ status }) => status === 'rejected').length
      if (missing === 0) console.log(`All tasks finished in ${since()}`)
      else console.log(`${missing} of ${tasks} tasks did not finish; look into the dead letters`)
      if (missing > 0) process.exitCode = 1
    }
    if (repeatAfter === undefined) return
    await sleep(repeatAfter * 1000, undefined, { signal: interrupted.signal }).catch(() => {})
    if (interrupted.signal.aborted) return
  }
}

function readArguments(): Asked | 'help' | undefined {
  try {
    const flag = { type: 'boolean', default: false } as const
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { quorum: flag, random: flag, time: flag, help: flag, 'repeat-after': { type: 'string' } },
    })
    if (values.help) return 'help'
    const [tasks, seconds] = positionals.map(Number)
    const again = values['repeat-after']
    const repeatAfter = again === undefined ? undefined : Number(again)
    if (tasks === undefined || seconds === undefined || positionals.length !== 2 || !Number.isInteger(tasks))
      throw new Error('give the number of tasks and the seconds that each takes')
    if (tasks < 1 || tasks > 100_000 || !(seconds >= 0 && seconds <= 3600))
      throw new Error('1 to 100,000 tasks of 0 to 3,600 seconds')
    if (repeatAfter !== undefined && !(repeatAfter >= 0 && repeatAfter <= 3600))
      throw new Error('--repeat-after takes 0 to 3,600 seconds')
    const { quorum, random, time } = values
    return { tasks, seconds, quorum, random, time, repeatAfter }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return undefined
  }
}
