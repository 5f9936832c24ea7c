import type { Clock } from '../../../clock.ts'
import type { AttemptRecord, KeptFailure } from '../../../jobs/failures/failure.ts'
import { type Html, html } from '../../../page/html.ts'
import { printableLine } from '../../../page/printable.ts'
import { empty } from '../../parts/empty.ts'
import { formatCount } from '../../parts/figures.ts'
import { table } from '../../parts/table.ts'
import { durationText, exactlyAgo } from '../../parts/time.ts'
import { longText } from '../literal.ts'

const MOST_ATTEMPTS = 100
const LONGEST_STACK = 20_000

/** Every attempt with its time, worker and error, and the stack that the last one left. */
export function attemptsSection({ attempts, stack }: KeptFailure, clock: Pick<Clock, 'wallTime'>): Html {
  const shown = attempts.slice(-MOST_ATTEMPTS)
  return html`<section><h2>Attempts</h2>
    ${attempts.length > shown.length && html`<p class="quiet">The last ${MOST_ATTEMPTS} of ${formatCount(attempts.length)}.</p>`}
    ${shown.length === 0 ? empty('None was made: it was kept before a worker began.') : attemptTable(shown, clock)}
    ${
      stack !== undefined &&
      html`<h3 id="stack">${attempts.length > 1 ? 'Stack of the last attempt' : 'Stack'}</h3>
      <pre class="box" tabindex="0" role="region" aria-labelledby="stack">${longText(stack, LONGEST_STACK)}</pre>`
    }</section>`
}

function attemptTable(attempts: readonly AttemptRecord[], clock: Pick<Clock, 'wallTime'>): Html {
  return table({
    caption: 'Attempts, the first first',
    name: 'attempts',
    columns: [
      { title: 'Attempt' },
      { title: 'When', name: 'exact' },
      { title: 'Error', name: 'what' },
      { title: 'Worker', name: 'worker' },
      { title: 'Broker', name: 'broker' },
      { title: 'Took', kind: 'number' },
    ],
    rows: attempts.map(({ attempt, at, error, worker, broker, durationMs }) => [
      attempt,
      exactlyAgo(clock, at),
      printableLine(error, 300),
      printableLine(worker, 120),
      printableLine(broker, 120),
      durationText(durationMs),
    ]),
  })
}
