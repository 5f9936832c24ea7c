import type { DialEnd } from './client-answers.ts'
import type { Observations } from '../observations.ts'
import type { Sign } from '../../result.ts'
import type { FaultedAnswer } from '../serving.ts'

const ANSWERS: Readonly<Record<FaultedAnswer['finding'], Sign>> = {
  mute: 'hang',
  refused: 'refusal',
  reset: 'reset',
  unreachable: 'unreachable',
}

const DIALS: Readonly<Record<DialEnd, Sign>> = {
  refusal: 'client-refusal',
  timeout: 'client-hang',
  reset: 'client-reset',
  unreachable: 'client-unreachable',
}

/** The order in which signs are told. */
const ORDER: readonly Sign[] = [
  'dual-master',
  'acked-but-unroutable',
  'returned',
  'stuck-consumer',
  'blocked',
  'duplicates',
  'hang',
  'refusal',
  'reset',
  'unreachable',
  'client-hang',
  'client-refusal',
  'client-reset',
  'client-unreachable',
  'off-prediction',
]

/** What was seen, in single words. */
export function signsOf(seen: Observations): readonly Sign[] {
  const { redelivery, resend, broker, postAck } = seen.fates.counts.duplicated
  const found = new Set<Sign>()
  if (seen.dual) found.add('dual-master')
  if (seen.unroutable.acknowledged > 0) found.add('acked-but-unroutable')
  if (seen.unroutable.returned > 0) found.add('returned')
  if (seen.stuck) found.add('stuck-consumer')
  if (seen.blocked) found.add('blocked')
  if (redelivery + resend + broker + postAck > 0) found.add('duplicates')
  if (seen.faulted && !seen.faulted.standsBy) found.add(ANSWERS[seen.faulted.finding])
  if (seen.clients) {
    for (const end of Object.keys(DIALS) as DialEnd[]) if (seen.clients.dials[end] > 0) found.add(DIALS[end])
    if (seen.clients.silentForNs !== null) found.add('client-hang')
  }
  if (seen.compared && seen.compared.offMs !== 0) found.add('off-prediction')
  return ORDER.filter((sign) => found.has(sign))
}
