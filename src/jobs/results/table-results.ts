import { UnderstudyError } from '../../errors.ts'
import { RESULTS_KEPT_FOR_MS, wholeMs } from './kept-for.ts'
import { Polling } from './polling.ts'
import type { Results, ResultsSession } from './results.ts'
import { parseState, stateText } from './state-text.ts'

/** A table of results in a database. Times are milliseconds since the epoch. Every method throws `storage`. */
export interface ResultTable {
  open(): Promise<void>
  /** What came of these jobs, or else how far they are; nothing that expired by now. */
  read(jobIds: readonly string[], now: number): Promise<ReadonlyMap<string, string>>
  /** Replaces what was known. */
  writeResult(jobId: string, text: string, expiresAt: number): Promise<void>
  /** Hides no result that has not expired by now. */
  writeProgress(jobId: string, text: string, expiresAt: number, now: number): Promise<void>
  /** Forgets some of what expired by then. */
  prune(now: number): Promise<void>
  close(): Promise<void>
}

export interface TableResultsOptions {
  /** The factory's name, for errors. */
  readonly what: string
  /** How long a state is kept after it was put, in milliseconds. Defaults to 86,400,000, a day. */
  readonly ttl?: number | undefined
  readonly load: () => Promise<ResultTable>
}

const PRUNE_EVERY = 50

/**
 * Results in a table. Databases tell nobody of a change: jobs that somebody follows are looked at after 100 ms and then
 * at longer intervals up to a second, so that steps of progress between two looks are passed over.
 *
 * @throws UnderstudyError `invalid-option`.
 */
export function tableResults({ what, ttl = RESULTS_KEPT_FOR_MS, load }: TableResultsOptions): Results {
  wholeMs(what, 'ttl', ttl)
  return {
    kind: 'sql',
    open: async ({ clock }): Promise<ResultsSession> => {
      const table = await load()
      try {
        await table.open()
      } catch (error) {
        await table.close()
        throw error
      }
      const polling = new Polling(clock, (jobIds) => table.read(jobIds, clock.wallTime()))
      let isClosed = false
      let puts = 0
      const closed = (): UnderstudyError => new UnderstudyError('closed', `the results of ${what} were closed`)
      return {
        replyTo: undefined,
        watch: async (jobId, take, ended) => {
          if (isClosed) throw closed()
          return polling.follow(jobId, take, ended)
        },
        get: async (jobId) => {
          if (isClosed) throw closed()
          const text = (await table.read([jobId], clock.wallTime())).get(jobId)
          return text === undefined ? undefined : parseState(jobId, text)
        },
        put: async ({ jobId }, state) => {
          if (isClosed) throw closed()
          const text = stateText(jobId, state)
          const now = clock.wallTime()
          if (state.kind === 'progress') await table.writeProgress(jobId, text, now + ttl, now)
          else await table.writeResult(jobId, text, now + ttl)
          puts += 1
          if (puts % PRUNE_EVERY === 0) await table.prune(now)
        },
        close: async () => {
          if (!isClosed) {
            isClosed = true
            polling.end(closed())
          }
          await table.close()
        },
      }
    },
  }
}
