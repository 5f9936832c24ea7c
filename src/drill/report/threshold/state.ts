import type { Search } from '../../threshold/search-file.ts'
import { verificationOf } from '../../threshold/verification.ts'
import type { Glyph } from '../../../page/glyphs.ts'

/** How a search, or a verification, ended: in two or three words, and how they are drawn. */
export interface ThresholdState {
  readonly tone: 'pass' | 'fail' | 'unknown'
  readonly glyph: Glyph
  readonly words: string
}

const VERIFIED: Readonly<Record<ReturnType<typeof verificationOf>, ThresholdState>> = {
  shown: { tone: 'pass', glyph: 'pass', words: 'SHOWN AS WANTED' },
  refuted: { tone: 'fail', glyph: 'fail', words: 'JOBS FAIL MORE OFTEN' },
  open: { tone: 'unknown', glyph: 'unknown', words: 'LEFT OPEN' },
}

export function stateOf(search: Search): ThresholdState {
  if (search.verify) return VERIFIED[verificationOf(search)]
  return search.claim?.asWanted
    ? { tone: 'pass', glyph: 'pass', words: 'EARNED AS WANTED' }
    : { tone: 'unknown', glyph: 'unknown', words: 'NOT ALL THAT WAS WANTED' }
}
