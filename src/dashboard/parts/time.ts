import type { Clock } from '../../clock.ts'
import { type Html, html } from '../../page/html.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
// Beyond this, JavaScript has no dates.
const LATEST_MS = 8.64e15

/** When something was, as a reader counts: `3 min ago`. The exact time is in its title; the page's script keeps it true. */
export function ago(clock: Pick<Clock, 'wallTime'>, at: number): Html {
  return timeOf(at, 'ago', agoInWords(clock.wallTime() - at))
}

/** How long something has been going on: `3 min`. */
export function since(clock: Pick<Clock, 'wallTime'>, at: number): Html {
  return timeOf(at, 'since', inWords(clock.wallTime() - at))
}

/** An exact time, such as `2026-11-21 19:36:06 UTC`. */
export function exactly(at: number): Html {
  return timeOf(at, 'exactly')
}

/** When something was, to the second, and how long ago that is. */
export function exactlyAgo(clock: Pick<Clock, 'wallTime'>, at: number): Html {
  return isDate(at) ? html`${exactly(at)} <span class="quiet">(${ago(clock, at)})</span>` : exactly(at)
}

/** How long something took: `0.24 s`, `3 min 20 s`. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '?'
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(2)} s`
  if (ms < MINUTE_MS) return `${(ms / SECOND_MS).toFixed(1)} s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ${Math.floor((ms % MINUTE_MS) / SECOND_MS)} s`
  return `${Math.floor(ms / HOUR_MS)} h ${Math.floor((ms % HOUR_MS) / MINUTE_MS)} min`
}

function agoInWords(ms: number): string {
  return ms < SECOND_MS ? 'just now' : `${inWords(ms)} ago`
}

/** One unit only: a glance is enough. The script counts in the same way. */
function inWords(ms: number): string {
  if (!(ms >= 0)) return '0 s'
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / DAY_MS)} days`
}

function timeOf(at: number, kind: string, words?: string): Html {
  if (!isDate(at)) return html`<span class="quiet">no time</span>`
  return html`<time datetime="${new Date(at).toISOString()}" data-kind="${kind}" title="${exactText(at)}">${words ?? exactText(at)}</time>`
}

/** Times come from messages of others, too. */
function isDate(at: number): boolean {
  return Number.isFinite(at) && Math.abs(at) <= LATEST_MS
}

function exactText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
