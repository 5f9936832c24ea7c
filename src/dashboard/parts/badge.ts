import { type Glyph, glyph } from '../../page/glyphs.ts'
import { type Html, html } from '../../page/html.ts'

/** How a state is coloured, beside its glyph and its word. */
export type Tone = 'good' | 'bad' | 'doubtful' | 'quiet' | 'plain'

/** A state by glyph, word and colour. The word begins with a capital, whoever names it. */
export function badge(shape: Glyph, word: string, tone: Tone = 'plain'): Html {
  return html`<span class="state ${tone}">${glyph(shape)} ${word.charAt(0).toUpperCase()}${word.slice(1)}</span>`
}
