import { type Html, html } from '../../page/html.ts'
import { ago, exactly } from '../parts/time.ts'

/** When something was, counted from this time: `3 min ago`. */
export function moment(at: number, now: number): Html {
  return ago({ wallTime: () => now }, at)
}

/** When something was, to the second, and how long ago that is. */
export function fullMoment(at: number, now: number): Html {
  return html`${exactly(at)} <span class="quiet">(${moment(at, now)})</span>`
}
