import { glyph } from '../../page/glyphs.ts'
import { type Content, type Html, html } from '../../page/html.ts'

/** One line on top of a page about what has just been done, or could not be. */
export function notice(tone: 'good' | 'bad' | 'doubtful', what: Content): Html {
  const shape = tone === 'good' ? 'pass' : tone === 'bad' ? 'fail' : 'unknown'
  return html`<p class="notice ${tone}" role="status">${glyph(shape)} <span>${what}</span></p>`
}
