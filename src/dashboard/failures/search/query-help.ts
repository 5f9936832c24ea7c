import { type Html, html } from '../../../page/html.ts'

const FORMS: readonly (readonly [string, string])[] = [
  ['ECONNREFUSED', 'the word, in the error, the preview or the name of the job'],
  ['"connect ECONNREFUSED"', 'these words next to each other, in this order'],
  ['error:timeout', 'in the class, the message or the code of the error alone; preview: and stack: likewise'],
  ['error:*REFUSED*', 'with a *, letters within words too'],
  [
    'job:image.* queue:low',
    'exactly this, with anything for the *; also id, jobId, class, code, worker, broker, fingerprint, requestId',
  ],
  ['status:failed', 'or retrying, retried, discarded'],
  ['reason:timeout', 'or exception, expired, decode, unknown_job, aborted, worker_lost, dead_lettered'],
  ['age<2h', 'failed less than two hours ago: ms, s, m, h, d, w, with < <= > >='],
  ['attempts>=3 requeues:0', 'counts, with < <= > >= or : for equal'],
  ['a b', 'both; a AND b is the same'],
  ['a OR b', 'one of them'],
  ['-a', 'not; NOT a is the same'],
  ['(a OR b) c', 'parentheses first'],
]

/** The query language on a page: each form with what it means. */
export function queryHelp(): Html {
  return html`<details class="query-help">
    <summary>How to search</summary>
    <dl class="query-forms">
      ${FORMS.map(([form, meaning]) => html`<div><dt><code>${form}</code></dt><dd>${meaning}</dd></div>`)}
    </dl>
    <p class="quiet">Nothing, or <code>*</code>, is all. Quotes hold anything: <code>"a:b (c)"</code>.</p>
  </details>`
}
