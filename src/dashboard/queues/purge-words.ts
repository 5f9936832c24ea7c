import type { QueueState } from '../../transport/queue-state.ts'
import { counted } from '../parts/figures.ts'

/** What becomes of what comes in, told before. */
export function purgeKeeps({ isExact }: Pick<QueueState, 'isExact'>): string {
  // Where a broker tells no number it empties no queue at once either: over STOMP its messages are taken one by one.
  return isExact
    ? 'What comes in after that is kept.'
    : 'It takes a while, as the messages are taken out one by one: what comes in meanwhile may go too.'
}

/**
 * What came of a purge: how many went, and what waits since.
 *
 * @param ready how many wait a moment later; undefined where nobody could say.
 */
export function purgedText(queue: string, removed: number, isExact: boolean, ready: number | undefined): string {
  const went = `${counted(removed, 'message')} removed from ${queue}.`
  if (ready === undefined) return went
  if (isExact)
    return ready === 0
      ? `${went} Nothing has come in since.`
      : `${went} ${counted(ready, 'message')} ${ready === 1 ? 'has' : 'have'} come in since, and ${ready === 1 ? 'is' : 'are'} kept.`
  const meanwhile = 'What came in while it was emptied is among them.'
  return ready === 0
    ? `${went} ${meanwhile}`
    : `${went} ${meanwhile} About ${counted(ready, 'message')} ${ready === 1 ? 'is' : 'are'} there now: what came in since, and what consumers hold.`
}
