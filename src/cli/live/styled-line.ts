import { styleText } from 'node:util'
import { clip, textWidth } from '../../text-width.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'alarm' | 'relief'

/** A stretch of text with one look. It holds no control characters. */
export interface Segment {
  readonly text: string
  readonly style?: Style
}

const FORMATS: Readonly<Record<Style, Parameters<typeof styleText>[0]>> = {
  bold: 'bold',
  dim: 'dim',
  red: 'red',
  green: 'green',
  yellow: 'yellow',
  // Words say it too; the block makes it seen from across a room.
  alarm: ['bold', 'white', 'bgRed'],
  relief: ['bold', 'green'],
}

/** The segments in one line of at most so many columns: what does not fit is cut with an ellipsis. */
export function styledLine(segments: readonly Segment[], columns: number, colour: boolean): string {
  let left = columns
  let line = ''
  for (const { text, style } of segments) {
    const shown = clip(text, left)
    if (shown !== '') line += colour && style ? styleText(FORMATS[style], shown, { validateStream: false }) : shown
    left -= textWidth(shown)
    if (shown !== text || left <= 0) break
  }
  return line
}
