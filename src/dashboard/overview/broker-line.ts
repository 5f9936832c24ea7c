import { html, type Html } from '../../page/html.ts'
import type { DashboardContext } from '../context.ts'
import { badge } from '../parts/badge.ts'
import { since } from '../parts/time.ts'
import type { LinkCondition, WatchedLink } from './broker-watch.ts'

/** What each condition is called and looks like. */
export const CONDITIONS: Readonly<
  Record<
    LinkCondition,
    {
      readonly word: string
      readonly shape: 'pass' | 'fail' | 'unknown' | 'paused' | 'waiting'
      readonly tone: 'good' | 'bad' | 'doubtful' | 'quiet'
    }
  >
> = {
  unused: { word: 'Not used yet', shape: 'waiting', tone: 'quiet' },
  up: { word: 'Serving', shape: 'pass', tone: 'good' },
  blocked: { word: 'Blocked', shape: 'paused', tone: 'doubtful' },
  down: { word: 'No broker', shape: 'fail', tone: 'bad' },
  over: { word: 'Ended', shape: 'fail', tone: 'bad' },
}

/** Who is master, in one line: of both links at once where it is the same. */
export function brokerLine({ brokers, clock }: DashboardContext): Html {
  const used = brokers.links.filter(({ condition }) => condition !== 'unused')
  const [first, second] = used
  if (first === undefined) return badge('waiting', 'No broker was needed yet', 'quiet')
  const isOne = second === undefined || (first.condition === second.condition && first.endpoint === second.endpoint)
  return html`${(isOne ? [first] : used).map(
    (link) =>
      html`<span class="link">${sayLink(link, isOne ? '' : link.role === 'producer' ? ' to sends' : ' to listeners')} ${since(clock, link.since)}</span>`,
  )}`
}

function sayLink({ condition, endpoint, prior }: WatchedLink, whom: string): Html {
  const { word, shape, tone } = CONDITIONS[condition]
  const who = endpoint ?? (prior === undefined ? '' : `since ${prior} went away`)
  return html`${badge(shape, `${word}${whom}`, tone)} <span class="endpoint">${who}</span>`
}
