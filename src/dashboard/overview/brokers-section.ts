import { glyph } from '../../page/glyphs.ts'
import { html, type Html } from '../../page/html.ts'
import type { DashboardContext } from '../context.ts'
import { badge } from '../parts/badge.ts'
import { empty } from '../parts/empty.ts'
import { table } from '../parts/table.ts'
import { ago, durationText, since } from '../parts/time.ts'
import { CONDITIONS } from './broker-line.ts'
import type { WatchedLink } from './broker-watch.ts'
import type { Concern } from './concerns.ts'
import { together } from './failovers.ts'
import { ROLE_NAMES } from './role-names.ts'

const SHOWN_FAILOVERS = 5

/** Who is master, in the words of a heading. */
export function brokersHeading({ brokers }: DashboardContext): Html {
  const used = brokers.links.filter(({ condition }) => condition !== 'unused')
  const serving = [...new Set(used.flatMap(({ endpoint }) => endpoint ?? []))]
  if (used.length === 0) return html`No broker was needed yet`
  if (serving.length === 0)
    return headed(
      'bad',
      used.every(({ condition }) => condition === 'over') ? 'The connection has ended' : 'No broker serves',
    )
  const who = serving.join(' and ')
  if (used.some(({ condition }) => condition === 'blocked')) return headed('doubtful', `${who} takes nothing for now`)
  const isWhole = used.every(({ condition }) => condition === 'up')
  return headed(isWhole ? 'good' : 'doubtful', `${who} ${serving.length === 1 ? 'serves' : 'serve'}`)
}

function headed(tone: 'good' | 'doubtful' | 'bad', words: string): Html {
  const shape = tone === 'good' ? 'pass' : tone === 'bad' ? 'fail' : 'warn'
  return html`<span class="${tone}">${glyph(shape)}</span>\u00a0${words}`
}

/** What is wrong, the worst first; or that nothing is, as far as can be seen. */
export function concernsList(concerns: readonly Concern[], isKnown: boolean): Html {
  if (concerns.length === 0)
    return html`<p class="concerns">${isKnown ? badge('pass', 'Nothing is wrong, as far as this dashboard sees', 'good') : badge('waiting', 'Brokers and workers have not answered yet', 'quiet')}</p>`
  const calm = concerns.every(({ tone }) => tone === 'quiet')
  return html`<ul class="concerns">${calm && html`<li>${badge('pass', 'Nothing is wrong, as far as this dashboard sees', 'good')}</li>`}${concerns.map(
    ({ tone, what }) =>
      html`<li class="${tone}">${glyph(tone === 'bad' ? 'fail' : tone === 'doubtful' ? 'warn' : 'note')} <span>${what}</span></li>`,
  )}</ul>`
}

/** Which broker serves each link, since when, and who did before. */
export function linksTable({ brokers, clock }: DashboardContext): Html {
  return table({
    caption: 'Which broker serves',
    columns: [{ title: 'Link' }, { title: 'State' }, { title: 'Broker' }, { title: 'For' }, { title: 'Served before' }],
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
    rows: together(failovers)
      .slice(0, SHOWN_FAILOVERS)
      .map(({ at, link, from, to, outageMs }) => [
        ago(clock, at),
        link,
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
