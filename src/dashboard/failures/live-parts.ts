import type { FailureDesk } from '../../jobs/failures/desk.ts'
import { type Html, html } from '../../page/html.ts'
import { mayDo } from '../access/visitor.ts'
import type { DashboardContext } from '../context.ts'
import { Glance, type Seen } from '../live/glance.ts'
import { Lately } from '../live/lately.ts'
import type { DeskRoom } from './desk-room.ts'
import { type FailureState, failureParts } from './one-failure/failure-view.ts'
import { noticeId, noticePart, runPart, runPartId, runTold, runToldId } from './bulk/run-view.ts'
import { both, STILL_FAILED } from './bulk/selection.ts'
import { failuresText } from './status-words.ts'
import { formatCount } from '../parts/figures.ts'
import { STORE_TROUBLE } from '../tellable.ts'

/** The names that the live parts of these pages go by. */
export const RUNS_LIVE = 'failure-runs'
export const SEARCH_LIVE = 'failures'
export const ONE_LIVE = 'failure'

/** What waits for somebody, whatever a page of the search has found. */
export interface Waiting {
  readonly count: number
  /** How many of them failed in the last minute. */
  readonly young: number
}

const ONE_FRESH_MS = 1_000
const EVERY_MS = 2_000
const MINUTE_MS = 60_000

export function waitingGlance(
  { clock, live, tell }: Pick<DashboardContext, 'clock' | 'live' | 'tell'>,
  desk: FailureDesk,
): Glance<Waiting> {
  return new Glance({
    clock,
    everyMs: EVERY_MS,
    trouble: STORE_TROUBLE,
    tell,
    onSeen: () => live.changed(),
    look: async () => {
      const lately = both(STILL_FAILED, { kind: 'compare', field: 'age', comparison: '<', value: MINUTE_MS })
      const [count, young] = await Promise.all([desk.count(STILL_FAILED), desk.count(lately)])
      return { count, young }
    },
  })
}

export const WAITING_ID = 'failures-waiting'

/** One line about what waits now, while a list stands still. */
export function waitingLine({ value, error }: Seen<Waiting>): Html {
  if (error !== undefined) return html`The failure store does not answer just now; what stands here is old.`
  if (value === undefined) return html``
  const { count, young } = value
  if (count === 0) return html`Nothing waits for somebody.`
  if (count === 1) return html`1 failure waits for somebody now${young === 1 && ', from the last minute'}.`
  const lately = young === 0 ? 'none of them' : young === count ? 'all of them' : `${formatCount(young)} of them`
  return html`${failuresText(count)} wait for somebody now, ${lately} from the last minute.`
}

/** Lets the search, the page of one failure and those of requeues change by themselves. */
export function liveFailures(
  { context, runs, waiting }: DeskRoom,
  one: (id: string) => Promise<Omit<FailureState, 'mayAct'> | undefined>,
): void {
  const { basePath, clock, live } = context
  const lately = new Lately<Omit<FailureState, 'mayAct'> | undefined>(clock, ONE_FRESH_MS, live)
  live.register(ONE_LIVE, async (role, of) => {
    const state = await lately.ask(of, () => one(of))
    return state ? failureParts({ ...state, mayAct: mayDo({ role }, 'operator') }) : []
  })
  live.register(RUNS_LIVE, (role) =>
    runs.recent().flatMap((run) => [
      { id: runPartId(run), inside: runPart(basePath, run, clock, mayDo({ role }, 'operator')) },
      { id: runToldId(run), inside: html`${runTold(run)}` },
    ]),
  )
  live.register(SEARCH_LIVE, () => {
    waiting.poke()
    return [
      { id: WAITING_ID, inside: waitingLine(waiting.seen) },
      ...runs.recent().map((run) => ({ id: noticeId(run), inside: noticePart(basePath, run) })),
    ]
  })
}
