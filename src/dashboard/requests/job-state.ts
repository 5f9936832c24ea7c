import type { Clock } from '../../clock.ts'
import type { JobState } from '../../jobs/results/results.ts'
import { type Content, type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { longText } from '../failures/literal.ts'
import { errorText } from '../failures/status-words.ts'
import { badge } from '../parts/badge.ts'
import { ago } from '../parts/time.ts'
import type { KnownState } from './look-up.ts'

const LONGEST_VALUE = 20_000

/** How a job went, as far as its results tell. Nothing where results are not kept at all. */
export function knownStateView(clock: Pick<Clock, 'wallTime'>, known: KnownState): Html {
  switch (known.kind) {
    case 'state':
      return stateView(clock, known.state)
    case 'nothing':
      return html`<p>${badge('note', 'no result', 'quiet')} Nothing is kept of it: it may still wait in its queue, its result may have expired, or there is no such job.</p>`
    case 'by-reply':
      return html`<p>${badge('note', 'no result kept', 'quiet')} Results go to whoever enqueued the job, and are kept nowhere: its handle tells.</p>`
    case 'not-kept':
      return html``
    case 'trouble':
      return html`<p>${badge('unknown', 'unknown', 'doubtful')} Its result could not be read: ${printableLine(known.why, 300)}</p>`
  }
}

function stateView(clock: Pick<Clock, 'wallTime'>, state: JobState): Html {
  switch (state.kind) {
    case 'progress': {
      const percent = Math.min(100, Math.max(0, Math.round(state.percent)))
      return html`<p>${badge('busy', 'working', 'plain')} <span class="quiet">told ${ago(clock, state.at)}</span></p>
<p class="progress"><progress max="100" value="${percent}" aria-label="Progress"></progress> ${percent} %${state.message !== undefined && html`, ${printableLine(state.message, 300)}`}</p>`
    }
    case 'succeeded':
      return html`<p>${badge('pass', 'succeeded', 'good')} <span class="quiet">${ago(clock, state.at)}</span></p>
${state.value === undefined ? html`<p class="quiet">It returned nothing.</p>` : html`<p class="quiet small">Returned</p><pre class="box" tabindex="0" role="region" aria-label="What it returned"><code>${valueText(state.value)}</code></pre>`}`
    case 'failed':
      return html`<p>${badge('fail', 'failed', 'bad')} <span class="quiet">${ago(clock, state.at)}, ${state.reason.replaceAll('_', ' ')}</span></p>
<p>${printableLine(errorText(state), 1_000)}</p>`
  }
}

function valueText(value: unknown): Content {
  return longText(JSON.stringify(value, null, 2) ?? 'nothing', LONGEST_VALUE)
}
