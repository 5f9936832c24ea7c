import { html, type Html } from '../../page/html.ts'
import type { DashboardContext } from '../context.ts'
import { badge } from '../parts/badge.ts'
import { empty } from '../parts/empty.ts'
import { table } from '../parts/table.ts'
import { ago, durationText, since } from '../parts/time.ts'
import { CONDITIONS } from './broker-line.ts'
import type { Failover, WatchedLink } from './broker-watch.ts'

const ROLE_NAMES = { producer: 'Sends', listener: 'Deliveries' } as const
const SHOWN_FAILOVERS = 5

/** Who is master, in the words of a heading. */
export function brokersHeading({ brokers }: DashboardContext): string {
  const used = brokers.links.filter(({ condition }) => condition !== 'unused')
  const serving = [...new Set(used.flatMap(({ endpoint }) => endpoint ?? []))]
  if (used.length === 0) return 'No broker was needed yet'
  if (serving.length === 0)
    return used.every(({ condition }) => condition === 'over') ? 'The connection has ended' : 'No broker serves'
  if (used.some(({ condition }) => condition === 'blocked')) return `${serving.join(' and ')} takes nothing for now`
  return `${serving.join(' and ')} ${serving.length === 1 ? 'serves' : 'serve'}`
}

/** Which broker serves each link, since when, and who did before. */
export function linksTable({ brokers, clock }: DashboardContext): Html {
  return table({
    caption: 'Which broker serves',
    columns: [{ title: 'Link' }, { title: 'State' }, { title: 'Broker' }, { title: 'For' }, { title: 'Before it' }],
    rows: brokers.links.map((link) => [
      ROLE_NAMES[link.role],
      state(link),
      link.endpoint ?? html`<span class="quiet">none</span>`,
      link.condition === 'unused'
        ? ''
        : html`${since(clock, link.since)}${link.isOlder ? html` <span class="quiet">or longer</span>` : ''}`,
      link.prior ?? '',
    ]),
  })
}

/** The last failovers, with how long nobody served. */
export function failoversList({ brokers, clock }: DashboardContext): Html {
  const { failovers } = brokers
  if (failovers.length === 0)
    return empty('None since this dashboard began to watch.', 'A drill rehearses one: understudy drill')
  return table({
    caption: 'The last failovers',
    columns: [
      { title: 'When' },
      { title: 'Link' },
      { title: 'From' },
      { title: 'To' },
      { title: 'Outage', kind: 'number' },
    ],
    rows: failovers
      .slice(0, SHOWN_FAILOVERS)
      .map(({ at, role, from, to, outageMs }: Failover) => [
        ago(clock, at),
        ROLE_NAMES[role],
        from ?? '',
        to,
        outageMs === undefined ? html`<span class="quiet">planned</span>` : durationText(outageMs),
      ]),
  })
}

function state({ condition, reason }: WatchedLink): Html {
  const { word, shape, tone } = CONDITIONS[condition]
  return html`${badge(shape, word, tone)}${reason === undefined ? '' : html`<div class="small quiet">${reason}</div>`}`
}
