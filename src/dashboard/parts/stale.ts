import type { Clock } from '../../clock.ts'
import { glyph } from '../../page/glyphs.ts'
import { type Html, html } from '../../page/html.ts'
import type { Seen } from '../live/glance.ts'
import { ago } from './time.ts'

// What is looked at every second or two is late after that.
const LATE_MS = 6000

/** Whether what is shown was seen so long ago that it may be wrong by now. */
export function isStale(clock: Pick<Clock, 'wallTime'>, { at }: Pick<Seen<unknown>, 'at'>): boolean {
  return at !== undefined && clock.wallTime() - at > LATE_MS
}

/** A line above what is old, since nobody has answered meanwhile; nothing where it is not. */
export function staleNotice(clock: Pick<Clock, 'wallTime'>, seen: Pick<Seen<unknown>, 'at' | 'error'>): Html {
  if (seen.at === undefined || !isStale(clock, seen)) return html``
  // No status of its own: its time goes on every second, and would be said as often.
  return html`<p class="notice doubtful">${glyph('warn')} As it was ${ago(clock, seen.at)}: nobody has answered since${seen.error !== undefined && `, ${seen.error}`}.</p>`
}
