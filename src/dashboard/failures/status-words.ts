import type { KeptFailure } from '../../jobs/failures/failure.ts'
import type { Glyph } from '../../page/glyphs.ts'
import type { Tone } from '../parts/badge.ts'
import { counted } from '../parts/figures.ts'

/** How a state is told: by its shape, its word and its colour. */
export interface ToldState {
  readonly glyph: Glyph
  readonly word: string
  readonly tone: Tone
}

/** How far a kept failure is, in a word. */
export function statusOf({ status, resolvedAt }: Pick<KeptFailure, 'status' | 'resolvedAt'>): ToldState {
  switch (status) {
    case 'failed':
      return { glyph: 'fail', word: 'failed', tone: 'bad' }
    case 'retrying':
      return { glyph: 'busy', word: 'being sent back', tone: 'doubtful' }
    case 'retried':
      return resolvedAt === undefined
        ? { glyph: 'waiting', word: 'sent back', tone: 'doubtful' }
        : { glyph: 'pass', word: 'sent back, succeeded', tone: 'good' }
    case 'discarded':
      return { glyph: 'note', word: 'discarded', tone: 'quiet' }
  }
}

/** Class and message as one text. */
export function errorText({ errorClass, errorMessage }: Pick<KeptFailure, 'errorClass' | 'errorMessage'>): string {
  return errorMessage === '' ? errorClass : `${errorClass}: ${errorMessage}`
}

/** `1 failure`, `9,812 failures`. */
export function failuresText(count: number): string {
  return counted(count, 'failure')
}
