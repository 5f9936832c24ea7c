import type { BenchClient } from '../peers/client.ts'

/** What one round of one client is asked to do. */
export interface Work {
  readonly kind: 'publish' | 'consume' | 'request' | 'respond'
  readonly queue: string
  /** Where replies go; `request` and `respond`. */
  readonly replies: string
  /** How many messages at most. */
  readonly messages: number
  /** How long new ones are begun, in milliseconds. */
  readonly withinMs: number
  readonly bodyBytes: number
  /** How many sends, or requests, may be in flight; for `consume` the prefetch. */
  readonly window: number
}

/** What came of it. Only what was confirmed, acknowledged or answered is counted. */
export interface Done {
  readonly count: number
  readonly elapsedMs: number
  /** CPU time of the client's own process, in microseconds. */
  readonly cpuUs: number
  /** Round trips in milliseconds; `request` alone. */
  readonly roundTripsMs: readonly number[]
}

type Working = (client: BenchClient, work: Work, failed: Promise<never>) => Promise<Done>

/** What has no end of its own is given this long to come to one. */
const SETTLES_WITHIN_MS = 20_000

/** Sends until the count or the time is reached, and waits for every confirm. */
export const publish: Working = async (client, { queue, messages, withinMs, bodyBytes, window }, failed) => {
  const body = Buffer.alloc(bodyBytes, 'x')
  const clock = startClock()
  let sent = 0
  let confirmed = 0
  await settle(
    (resolve, reject) => {
      const done = (error?: unknown): void => {
        if (error !== undefined) {
          reject(error)
          return
        }
        confirmed++
        fill()
      }
      const fill = (): void => {
        while (sent < messages && sent - confirmed < window && clock.elapsedMs() < withinMs) {
          sent++
          client.send(queue, body, done)
        }
        if (confirmed === sent) resolve()
      }
      fill()
    },
    failed,
    withinMs,
  )
  return clock.done(confirmed)
}

/** Takes and acknowledges, from the first delivery on, until that many are acknowledged or the time is over. */
export const consume: Working = async (client, { queue, messages, withinMs, window }, failed) => {
  let clock: Stopwatch | undefined
  let taken = 0
  let acknowledged = 0
  await settle(
    (resolve, reject) => {
      const isEnough = (): boolean => taken >= messages || (clock?.elapsedMs() ?? 0) >= withinMs
      const done = (error?: unknown): void => {
        if (error !== undefined) reject(error)
        else if (++acknowledged === taken && isEnough()) resolve()
      }
      client
        .consume(queue, window, (message) => {
          clock ??= startClock()
          if (!isEnough()) {
            taken++
            message.ack(done)
          } else if (acknowledged === taken) resolve()
          // It takes nothing more: what is not acknowledged goes back with the connection.
        })
        .catch(reject)
    },
    failed,
    withinMs,
  )
  return (clock ?? startClock()).done(acknowledged)
}

/** Asks until the count or the time is reached, and waits for every reply. */
export const request: Working = async (client, work, failed) => {
  const { queue, replies, messages, withinMs, bodyBytes, window } = work
  const body = Buffer.alloc(bodyBytes, 'x')
  const askedAt = new Map<string, number>()
  const roundTripsMs: number[] = []
  const ignore = (): void => {}
  let answered: (id: string) => void = ignore
  await client.consume(replies, window, (message) => {
    message.ack(ignore)
    answered(message.correlationId ?? '')
  })
  const clock = startClock()
  let asked = 0
  await settle(
    (resolve, reject) => {
      const done = (error?: unknown): void => {
        if (error !== undefined) reject(error)
      }
      const ask = (): void => {
        while (asked < messages && askedAt.size < window && clock.elapsedMs() < withinMs) {
          const id = String(asked++)
          askedAt.set(id, clock.elapsedMs())
          client.send(queue, body, done, { correlationId: id, replyTo: replies })
        }
        if (askedAt.size === 0) resolve()
      }
      answered = (id) => {
        const at = askedAt.get(id)
        if (at === undefined) {
          reject(new Error(`a reply to ${JSON.stringify(id)}, which nobody waits for`))
          return
        }
        askedAt.delete(id)
        roundTripsMs.push(clock.elapsedMs() - at)
        ask()
      }
      ask()
    },
    failed,
    withinMs,
  )
  return { ...clock.done(roundTripsMs.length), roundTripsMs }
}

/** Answers every request until it is told to stop, which is when its connection is closed. */
export async function respond(client: BenchClient, work: Work, onError: (error: unknown) => void): Promise<void> {
  const done = (error?: unknown): void => {
    if (error !== undefined) onError(error)
  }
  await client.consume(work.queue, work.window, (message) => {
    client.send(work.replies, Buffer.from(message.body), done, { correlationId: message.correlationId ?? '' })
    message.ack(done)
  })
}

interface Stopwatch {
  elapsedMs(): number
  done(count: number): Done
}

function startClock(): Stopwatch {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  return {
    elapsedMs: () => performance.now() - startedAt,
    done: (count) => {
      const elapsedMs = performance.now() - startedAt
      const { user, system } = process.cpuUsage(cpu)
      return { count, elapsedMs, cpuUs: user + system, roundTripsMs: [] }
    },
  }
}

/** One promise for the whole round, with a bound of its own. */
async function settle(
  begin: (resolve: () => void, reject: (error: unknown) => void) => void,
  failed: Promise<never>,
  withinMs: number,
): Promise<void> {
  let late: NodeJS.Timeout | undefined
  try {
    await Promise.race([
      failed,
      new Promise<void>((resolve, reject) => {
        const bound = withinMs + SETTLES_WITHIN_MS
        late = setTimeout(() => reject(new Error(`not done within ${bound / 1000} s`)), bound)
        begin(resolve, reject)
      }),
    ])
  } finally {
    clearTimeout(late)
  }
}
