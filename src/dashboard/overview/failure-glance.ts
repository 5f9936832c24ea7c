import type { FailureDesk } from '../../jobs/failures/desk.ts'
import type { FailureQuery } from '../../jobs/failures/query/query.ts'
import type { FailureGroup } from '../../jobs/failures/store.ts'
import type { DashboardContext } from '../context.ts'
import { Glance } from '../live/glance.ts'
import { STORE_TROUBLE } from '../tellable.ts'

/** What the overview says of failures. */
export interface FailureSummary {
  /** How many wait to be looked at. */
  readonly count: number
  /** The largest groups first. */
  readonly groups: readonly FailureGroup[]
}

const FAILED: FailureQuery = { kind: 'field', field: 'status', text: 'failed' }
// A store of a hundred thousand answers in tens of milliseconds; a look now and then is enough for a glance.
const EVERY_MS = 2000
const SHOWN_GROUPS = 5

export function failureGlance(
  { clock, live, tell }: Pick<DashboardContext, 'clock' | 'live' | 'tell'>,
  desk: FailureDesk,
): Glance<FailureSummary> {
  return new Glance({
    clock,
    everyMs: EVERY_MS,
    trouble: STORE_TROUBLE,
    tell,
    onSeen: () => live.changed(),
    look: async () => {
      const [count, groups] = await Promise.all([desk.count(FAILED), desk.groups(FAILED, { limit: SHOWN_GROUPS })])
      return { count, groups }
    },
  })
}
