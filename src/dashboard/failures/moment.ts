import { type Html, html } from '../../page/html.ts'
import { ago, exactly } from '../parts/time.ts'

const LATEST_MS = 8.64e15

/** When something was, counted from this time: `3 min ago`. */
export function moment(at: number, now: number): Html {
  return ago({ wallTime: () => now }, at)
}

/** When something was, to the second, and how long ago that is. */
export function fullMoment(at: number, now: number): Html {
  // Times come from messages of others, and JavaScript has no dates beyond this one.
  if (!(Math.abs(at) <= LATEST_MS)) return moment(at, now)
  return html`${exactly(at)} <span class="quiet">(${moment(at, now)})</span>`
}
