import type { AttemptRecord, KeptFailure } from '../../jobs/failures/failure.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { durationText } from '../parts/time.ts'
import { fullMoment } from './moment.ts'
import { longText } from './literal.ts'
import { countText } from './status-words.ts'

const MOST_ATTEMPTS = 100
const LONGEST_STACK = 20_000

/** Every attempt with its time, worker and error, and the stack that the last one left. */
export function attemptsSection({ attempts, stack }: KeptFailure, now: number): Html {
  const shown = attempts.slice(-MOST_ATTEMPTS)
  return html`<section><h2>Attempts</h2>
    ${attempts.length > shown.length && html`<p class="quiet">The last ${MOST_ATTEMPTS} of ${countText(attempts.length)}.</p>`}
    ${shown.length === 0 ? html`<p class="empty">None was made: it was kept before a worker began.</p>` : attemptTable(shown, now)}
    ${
      stack !== undefined &&
      html`<h3 id="stack">${attempts.length > 1 ? 'Stack of the last attempt' : 'Stack'}</h3>
      <pre class="stack" tabindex="0" role="region" aria-labelledby="stack">${longText(stack, LONGEST_STACK)}</pre>`
    }</section>`
}

function attemptTable(attempts: readonly AttemptRecord[], now: number): Html {
  return html`<table class="rows attempts" role="table">
    <caption class="unseen">Attempts, the first first</caption>
    <thead role="rowgroup"><tr role="row">
      ${['Attempt', 'When', 'Error', 'Worker', 'Broker', 'Took'].map((title) => html`<th role="columnheader" scope="col">${title}</th>`)}
    </tr></thead>
    <tbody role="rowgroup">${attempts.map(
      ({ attempt, at, error, worker, broker, durationMs }) => html`<tr role="row">
        <td role="cell" data-title="Attempt">${attempt}</td>
        <td role="cell" class="exact" data-title="When">${fullMoment(at, now)}</td>
        <td role="cell" class="what" data-title="Error">${printableLine(error, 300)}</td>
        <td role="cell" class="worker" data-title="Worker">${printableLine(worker, 120)}</td>
        <td role="cell" class="broker" data-title="Broker">${printableLine(broker, 120)}</td>
        <td role="cell" class="nowrap" data-title="Took">${durationText(durationMs)}</td>
      </tr>`,
    )}</tbody></table>`
}
