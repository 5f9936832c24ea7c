const PLAIN = /^[\u0020-\u007e\u00a1-\u02ff]*$/
/** Scripts and signs that take two columns: East Asian Wide and Fullwidth (Unicode Annex 11), and emoji. */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u
const NOTHING = /^[\p{M}\p{Cf}]+$/u

const segmenter = new Intl.Segmenter()

/** How many columns a text without control characters takes in a terminal. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += columnsOf(segment)
  return width
}

/** The text, or as much of it as fits with an ellipsis; never cut within what a reader takes for one character. */
export function clip(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  if (columns < 1) return ''
  let left = columns - 1
  let kept = ''
  for (const { segment } of segmenter.segment(text)) {
    left -= columnsOf(segment)
    if (left < 0) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/** The words of a text in lines of at most so many columns; a longer word is cut into pieces. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, columns))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && textWidth(longer) > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

function pieces(word: string, columns: number): readonly string[] {
  if (textWidth(word) <= columns) return [word]
  const cut: string[] = []
  let piece = ''
  for (const { segment } of segmenter.segment(word)) {
    if (piece !== '' && textWidth(piece + segment) > columns) {
      cut.push(piece)
      piece = ''
    }
    piece += segment
  }
  return [...cut, piece]
}

function columnsOf(segment: string): number {
  if (NOTHING.test(segment)) return 0
  return WIDE.test(segment) ? 2 : 1
}
