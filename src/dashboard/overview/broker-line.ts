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
export function brokerLine(context: DashboardContext): Html {
  const told = linksToTell(context)
  if (told.length === 0) return badge('waiting', 'No broker was needed yet', 'quiet')
  return html`${told.map(
    ({ link, whom }) => html`<span class="link">${sayLink(link, whom)} ${since(context.clock, link.since)}</span>`,
  )}`
}

/** The same for who hears it: without times, so that it is said again only when somebody else serves. */
export function brokersTold(context: DashboardContext): string {
  return linksToTell(context)
    .map(({ link, whom }) => `${CONDITIONS[link.condition].word}${whom} ${whoOf(link)}`.trim())
    .join(', ')
}

function linksToTell({ brokers }: DashboardContext): readonly { readonly link: WatchedLink; readonly whom: string }[] {
  const used = brokers.links.filter(({ condition }) => condition !== 'unused')
  const [first, second] = used
  const isOne = second === undefined || (first?.condition === second.condition && first.endpoint === second.endpoint)
  if (isOne) return first === undefined ? [] : [{ link: first, whom: '' }]
  return used.map((link) => ({ link, whom: link.role === 'producer' ? ' for sends' : ' for deliveries' }))
}

function sayLink(link: WatchedLink, whom: string): Html {
  const { word, shape, tone } = CONDITIONS[link.condition]
  return html`${badge(shape, `${word}${whom}`, tone)} <span class="endpoint">${whoOf(link)}</span>`
}

function whoOf({ endpoint, prior }: WatchedLink): string {
  return endpoint ?? (prior === undefined ? '' : `since ${prior} went away`)
}
