import { FAILED_QUEUE } from '../../jobs/job-host.ts'
import { type Content, html, type Html } from '../../page/html.ts'
import { badge } from '../parts/badge.ts'
import { formatCount } from '../parts/figures.ts'
import { notKnown } from '../parts/not-known.ts'
import type { WatchedQueue } from './queue-watch.ts'

/** How a queue is, by glyph and word. */
export function queueState(watched: WatchedQueue): Html {
  const { queue, state, error, isPaused, workers } = watched
  if (isPaused) return badge('paused', 'Paused', 'doubtful')
  if (error !== undefined)
    return html`${badge('unknown', 'Not known', 'doubtful')}<div class="small quiet">${error}</div>`
  if (isEmptied(watched)) return badge('pass', 'Nothing waits', 'good')
  if (state === undefined) return badge('note', 'Not there, or empty', 'quiet')
  if (queue === FAILED_QUEUE && state.ready > 0) return badge('waiting', 'To be collected', 'doubtful')
  if (state.ready > 0 && state.consumers === 0) return badge('fail', 'Nobody takes from it', 'bad')
  // Over STOMP nobody says how many take from it.
  if (state.ready > 0 && state.consumers === undefined && workers.all === 0)
    return badge('waiting', 'Something waits', 'plain')
  return state.ready > 0 ? badge('busy', 'Being worked on', 'plain') : badge('pass', 'Nothing waits', 'good')
}

/** A broker over STOMP knows nothing of a queue that is empty; whoever takes from it knows that it is there. */
function isEmptied({ state, error, workers }: WatchedQueue): boolean {
  return state === undefined && error === undefined && workers.all > 0
}

/** How many wait in it. */
export function readyOf(watched: WatchedQueue): Content {
  const { state } = watched
  if (isEmptied(watched)) return formatCount(0)
  return state === undefined ? notKnown('not known') : `${state.isExact ? '' : 'about '}${formatCount(state.ready)}`
}

/** How many take from it; a broker over STOMP does not tell. */
export function consumersOf({ state }: WatchedQueue): Content {
  if (state?.consumers === undefined) return notKnown('not known')
  return formatCount(state.consumers)
}

/** Which queues are known: no broker is asked for all that it has. */
export function knownQueues(): Html {
  return html`<p class="quiet small">Known are the queues that workers take from, those that are paused, and those that were named: <code class="nowrap">--queue NAME</code> on the command line, <code class="nowrap">createDashboard({ queues })</code> in an application.</p>`
}

/** What the row of a queue is called in its page's address. */
export function anchorOf(queue: string): string {
  return `queue-${encodeURIComponent(queue.toWellFormed())}`
}
