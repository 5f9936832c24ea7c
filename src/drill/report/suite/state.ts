import type { RunState } from '../../suite/suite-result.ts'
import { type Glyph, glyph } from '../../../page/glyphs.ts'
import { type Html, html } from '../../../page/html.ts'

const GLYPHS: Readonly<Record<RunState, Glyph>> = {
  pass: 'pass',
  fail: 'fail',
  broken: 'fail',
  unknown: 'unknown',
  interrupted: 'unknown',
  skipped: 'note',
}

/** How a run, or a drill with all its runs, ended: by shape, colour and word. */
export function sayState(state: RunState): Html {
  return html`<span class="state ${state}">${glyph(GLYPHS[state])} ${state}</span>`
}
