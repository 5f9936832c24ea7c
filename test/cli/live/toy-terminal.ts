import type { LiveStream } from '../../../src/cli/live/live-view.ts'

/** A terminal of the few control codes that the live view writes. Any other is an error. */
export class ToyTerminal implements LiveStream {
  readonly isTTY = true
  columns: number
  rows = 24
  cursorShown = true
  readonly writes: string[] = []
  readonly lines: string[] = ['']
  #row = 0
  #column = 0

  constructor(columns: number) {
    this.columns = columns
  }

  write(text: string): void {
    this.writes.push(text)
    for (const [token] of text.matchAll(/\u001b\[[?\d;]*[A-Za-z]|[\s\S]/gu)) this.#take(token)
  }

  /** What is to be seen, without the empty lines at the end. */
  get screen(): string {
    return this.lines.join('\n').trimEnd()
  }

  #take(token: string): void {
    const up = /^\u001b\[(\d+)A$/.exec(token)
    if (token === '\n') {
      this.#row += 1
      this.#column = 0
      if (this.#row === this.lines.length) this.lines.push('')
    } else if (token === '\r') this.#column = 0
    else if (up) {
      this.#row -= Number(up[1])
      if (this.#row < 0) throw new Error('the cursor left the screen')
    } else if (token === '\u001b[K') this.#set(this.#line.slice(0, this.#column))
    else if (token === '\u001b[J') {
      this.#set(this.#line.slice(0, this.#column))
      this.lines.length = this.#row + 1
    } else if (token === '\u001b[?25l') this.cursorShown = false
    else if (token === '\u001b[?25h') this.cursorShown = true
    else if (/^\u001b\[[\d;]*m$/.test(token)) return
    else if (token < ' ' || token === '\u007f') throw new Error(`unknown control code ${JSON.stringify(token)}`)
    else {
      if (this.#column >= this.columns) throw new Error('a line ran over the edge')
      this.#set(this.#line.slice(0, this.#column).padEnd(this.#column) + token + this.#line.slice(this.#column + 1))
      this.#column += 1
    }
  }

  get #line(): string {
    return this.lines[this.#row] ?? ''
  }

  #set(line: string): void {
    this.lines[this.#row] = line
  }
}
