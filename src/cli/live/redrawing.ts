import { stripVTControlCharacters } from 'node:util'
import { textWidth } from '../../text-width.ts'

const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const ERASE_LINE_END = '\u001b[K'
const ERASE_BELOW = '\u001b[J'

interface Screen {
  write(text: string): unknown
  readonly columns?: number | undefined
}

/**
 * A block of lines at the bottom of a terminal that is drawn over itself, each time in one write, so that
 * nothing flickers. The cursor is hidden while it stands and comes back with `end`, or as the process exits.
 */
export class Redrawing {
  readonly #screen: Screen
  readonly #onExit = (): void => this.end()
  #drawn: readonly string[] = []
  #shown = ''
  #columns = 0
  #ended = false

  constructor(screen: Screen) {
    this.#screen = screen
    process.once('exit', this.#onExit)
    screen.write(HIDE_CURSOR)
  }

  draw(lines: readonly string[]): void {
    const shown = lines.join('\n')
    const resized = this.#columns !== this.#width
    if (this.#ended || (shown === this.#shown && !resized)) return
    this.#screen.write(this.#home() + block(lines) + (resized ? ERASE_BELOW : this.#leftover(lines)))
    this.#remember(lines, shown)
  }

  /** Puts lines that stay above the block. */
  above(kept: readonly string[], lines: readonly string[]): void {
    if (this.#ended) return
    const stay = kept.map((line) => `${line}${ERASE_LINE_END}\n`).join('')
    this.#screen.write(this.#home() + stay + block(lines) + ERASE_BELOW)
    this.#remember(lines, lines.join('\n'))
  }

  /** Takes the block away, leaves an empty line in its place and shows the cursor. Idempotent. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    process.removeListener('exit', this.#onExit)
    this.#screen.write(`${this.#home()}${ERASE_BELOW}\n${SHOW_CURSOR}`)
  }

  get #width(): number {
    // A pseudo-terminal that nobody gave a size has 0 columns.
    return this.#screen.columns || 80
  }

  #remember(lines: readonly string[], shown: string): void {
    this.#drawn = lines
    this.#shown = shown
    this.#columns = this.#width
  }

  /** To the first line of the block. A terminal that became narrower has folded its lines meanwhile. */
  #home(): string {
    const rows = this.#drawn
      .map((line) => Math.max(1, Math.ceil(textWidth(stripVTControlCharacters(line)) / this.#width)))
      .reduce((sum, count) => sum + count, 0)
    return rows === 0 ? '' : `\r\u001b[${rows}A`
  }

  #leftover(lines: readonly string[]): string {
    return lines.length < this.#drawn.length ? ERASE_BELOW : ''
  }
}

// The cursor rests on the line below the block, so that whatever else is printed does not run into it.
function block(lines: readonly string[]): string {
  return lines.map((line) => `${line}${ERASE_LINE_END}\n`).join('')
}
