import type { KeptFailure } from '../../jobs/failures/failure.ts'
import type { Html } from '../../page/html.ts'
import { badge } from '../parts/badge.ts'
import { statusOf } from './status-words.ts'

/** How far a kept failure is. */
export function statusBadge(failure: Pick<KeptFailure, 'status' | 'resolvedAt'>): Html {
  const { glyph, word, tone } = statusOf(failure)
  return badge(glyph, word, tone)
}
