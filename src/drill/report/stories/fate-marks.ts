import { type Html, html, trusted } from '../../../page/html.ts'
import type { Fate } from './job-stories.ts'

/** How a fate is drawn: by its shape and by the colour of its weight, so that neither has to tell it alone. */
export interface FateMark {
  /** A path in a square of 12, its middle at 6. */
  readonly path: string
  readonly solid: boolean
  /** `grave` breaks a promise, `doubt` leaves a question, `mild` ended well, `plain` is as it should be. */
  readonly tone: 'grave' | 'doubt' | 'mild' | 'plain'
}

const CROSS = 'M2 2 10 10M10 2 2 10'
const DIAMOND = 'M6 1 11 6 6 11 1 6z'
const RING = 'M6 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8z'

export const FATE_MARKS: Readonly<Record<Fate, FateMark>> = {
  lost: { path: CROSS, solid: false, tone: 'grave' },
  'not seen yet': { path: 'M2 2h8v8H2z', solid: false, tone: 'doubt' },
  'post-ack duplicate': { path: 'M1 1h6v6H1zM5 5h6v6H5z', solid: true, tone: 'grave' },
  unexpected: { path: 'M6 1 11 10.5H1z', solid: true, tone: 'grave' },
  resurrected: { path: 'M6 1 11 10.5H1z', solid: false, tone: 'grave' },
  failed: { path: 'M1.5 1.5h9v9h-9z', solid: true, tone: 'grave' },
  indeterminate: { path: DIAMOND, solid: false, tone: 'doubt' },
  unfinished: { path: 'M1 6h10', solid: false, tone: 'doubt' },
  'broker duplicate': { path: 'M1 1h6v6H1zM5 5h6v6H5z', solid: false, tone: 'doubt' },
  'resend duplicate': { path: 'M3.5 1.5v9M8.5 1.5v9', solid: false, tone: 'doubt' },
  redelivery: { path: 'M6 1v10M1 6h10', solid: false, tone: 'mild' },
  reordered: { path: 'M2 3.5 6 8l4-4.5', solid: false, tone: 'doubt' },
  recovered: { path: DIAMOND, solid: true, tone: 'mild' },
  'sent again': { path: RING, solid: false, tone: 'mild' },
  once: { path: 'M6 3.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z', solid: true, tone: 'plain' },
}

export function fateMark(fate: Fate): Html {
  const { path, solid, tone } = FATE_MARKS[fate]
  return html`<svg class="mark tone-${tone}" viewBox="0 0 12 12" aria-hidden="true">${trusted(`<path class="${solid ? 'solid' : 'open'}" d="${path}"/>`)}</svg>`
}
