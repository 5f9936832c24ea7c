const PLAIN = /^[\u0020-\u007e\u00a1-\u02ff]*$/
/** Scripts and signs that take two columns: East Asian Wide and Fullwidth (Unicode Annex 11), and emoji. */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u
const NOTHING = /^[\p{M}\p{Cf}]+$/u

const segmenter = new Intl.Segmenter()

/** How many columns of a terminal a line takes. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += columnsOf(segment)
  return width
}

/** Cut to so many columns, so that it can be seen, and never within a character. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let left = width - 1
  let cut = ''
  for (const { segment } of segmenter.segment(text)) {
    left -= columnsOf(segment)
    if (left < 0) break
    cut += segment
  }
  return `${cut.trimEnd()}…`
}

function columnsOf(character: string): number {
  if (NOTHING.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}
