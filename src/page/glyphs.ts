import { type Html, trusted } from './html.ts'

/**
 * A state by its shape: a tick, a cross, a question mark, an exclamation mark, a bar; a half-filled disc for what goes on, two bars for what is
 * paused, a ring for what waits. Beside a word, never alone.
 */
export type Glyph = 'pass' | 'fail' | 'unknown' | 'warn' | 'note' | 'busy' | 'paused' | 'waiting'

const PATHS: Readonly<Record<Glyph, string>> = {
  pass: 'M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0zM6.9 11.6 3.4 8.1l1.4-1.4 2.1 2.1 4.4-4.4 1.4 1.4z',
  fail: 'M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7zM8 6.4 5.5 3.9 3.9 5.5 6.4 8l-2.5 2.5 1.6 1.6L8 9.6l2.5 2.5 1.6-1.6L9.6 8l2.5-2.5-1.6-1.6z',
  unknown:
    'M8 0l8 8-8 8-8-8zM7 11.2v1.7h1.9v-1.7zM5.4 6.3h1.8c0-.7.4-1 .9-1s.9.3.9.8c0 1-1.9 1.1-1.9 3.3v.5h1.7v-.4c0-1.3 2-1.5 2-3.6 0-1.4-1-2.3-2.6-2.3-1.7 0-2.8 1-2.8 2.7z',
  warn: 'M8 .6 16 15.2H0zM7.1 5.8v4.8h1.8V5.8zM7.1 11.6v1.8h1.8v-1.8z',
  note: 'M1 6.6h14v2.8H1z',
  busy: 'M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0zM8 2.2v11.6A5.8 5.8 0 0 1 8 2.2z',
  paused: 'M2.5 1h4v14h-4zM9.5 1h4v14h-4z',
  waiting: 'M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0zM8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2z',
}

export function glyph(name: Glyph): Html {
  return trusted(
    `<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true"><path fill-rule="evenodd" d="${PATHS[name]}"/></svg>`,
  )
}

/** The glyph of an objective that was met, violated, or cannot be told. */
export function glyphOf(met: boolean | null): Html {
  return glyph(met === null ? 'unknown' : met ? 'pass' : 'fail')
}
