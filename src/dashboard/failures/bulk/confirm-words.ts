import { formatQueryDuration } from '../../../jobs/failures/query/duration.ts'
import type { RequeueOutcome } from '../../../jobs/failures/requeue/outcome.ts'
import type { RequeueChoice } from './requeue-form.ts'
import type { RequeueRun } from './requeue-runs.ts'
import { failuresText } from '../status-words.ts'
import { formatCount } from '../../parts/figures.ts'

/** How a requeue goes, in sentences: what was left empty is not told. */
export function choiceText({ to, limit, maxAge, rate, canary, canaryTimeout }: RequeueChoice): readonly string[] {
  const sentences = [
    typeof to === 'string' ? `They go to the queue ${to}.` : 'Each goes to the queue that it came from.',
    limit !== undefined && `At most ${formatCount(limit)}, the eldest first.`,
    maxAge !== undefined && `What failed more than ${formatQueryDuration(maxAge)} ago stays.`,
    rate !== undefined && `At most ${formatCount(rate)} a second.`,
    canary !== undefined &&
      canary > 0 &&
      `${formatCount(canary)} first; the rest when each of those has succeeded within ${formatQueryDuration(canaryTimeout ?? 60_000)}, else the rest stays.`,
  ]
  return sentences.filter((one) => typeof one === 'string')
}

/** What a dry run found. */
export function wouldGoText({ claimed, tooOld }: Pick<RequeueOutcome, 'claimed' | 'tooOld'>): string {
  const old = tooOld === 0 ? '' : ` ${failuresText(tooOld)} ${tooOld === 1 ? 'is' : 'are'} too old and would stay.`
  return `${failuresText(claimed)} would go back now.${old} Nothing was changed.`
}

/** What came of a requeue that has ended. */
export function outcomeSentences(run: RequeueRun): readonly string[] {
  const { outcome, expected, trouble, isCancelled } = run
  if (!outcome) return [`Nothing is known of what went: ${trouble ?? 'it did not begin'}.`]
  const { sent, claimed, released, unconfirmed, tooOld, canary, stoppedByCanary } = outcome
  const elsewhere = expected - claimed - tooOld
  const sentences = [
    `${failuresText(sent)} ${sent === 1 ? 'was' : 'were'} sent back.`,
    run.choice.limit === undefined &&
      elsewhere > 0 &&
      `${failuresText(elsewhere)} ${elsewhere === 1 ? 'was' : 'were'} not failed any more: somebody else was faster.`,
    tooOld > 0 && `${failuresText(tooOld)} ${tooOld === 1 ? 'was' : 'were'} too old, and stayed.`,
    canary && canarySentence(canary, stoppedByCanary),
    released > 0 &&
      `${failuresText(released)} ${released === 1 ? 'was' : 'were'} not ${unconfirmed > 0 ? 'confirmed' : 'sent'}, and failed as before${unconfirmed > 0 ? `: brokers may have ${formatCount(unconfirmed)} of them all the same` : ''}.`,
    isCancelled && 'It was stopped on the way.',
    trouble !== undefined && !isCancelled && `What went wrong: ${trouble}.`,
  ]
  return sentences.filter((one) => typeof one === 'string')
}

function canarySentence(
  { sent, succeeded, failed, waiting }: NonNullable<RequeueOutcome['canary']>,
  stopped: boolean,
): string {
  const told = `Of the first ${formatCount(sent)}, ${formatCount(succeeded)} succeeded, ${formatCount(failed)} failed and ${formatCount(waiting)} had not ended`
  return stopped ? `${told}: the rest stayed.` : `${told}: the rest followed.`
}
