import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { type Html, html } from '../../../page/html.ts'
import { printableLine } from '../../../page/printable.ts'
import { failureAddress } from '../addresses.ts'
import { type EditableBody, MOST_EDITABLE_BYTES } from './edited-body.ts'
import { literal, literalLines } from '../literal.ts'
import { errorText } from '../status-words.ts'
import { formatCount } from '../../parts/figures.ts'

export interface EditView {
  readonly basePath: string
  readonly failure: KeptFailure
  /** Undefined for what is too large to be edited here. */
  readonly body: EditableBody | undefined
  readonly queue: string
  /** Why it was not sent, or nobody knows whether it was; undefined before it was tried. */
  readonly trouble: { readonly why: string; readonly mayHaveGone: boolean } | undefined
}

/** A failed job with its arguments and its queue to be changed. */
export function editView({ basePath, failure, body, queue, trouble }: EditView): Html {
  const address = failureAddress(basePath, failure.id)
  return html`<h1>Edit and send back</h1>
    <p class="lead">${printableLine(failure.job === '' ? failure.id : failure.job)}: ${printableLine(errorText(failure), 300)}</p>
    <p>It is sent as a new job with an id of its own, at its first attempt; this failure then counts as sent back, with a link to the new job.</p>
    ${trouble !== undefined && html`<p class="query-trouble" role="alert" id="edit-trouble">${trouble.mayHaveGone ? 'Whether it was sent is not known' : 'It was not sent'}: ${printableLine(trouble.why, 500)}.</p>`}
    <form class="edit" method="post" action="${address}/edit">
      ${body === undefined ? html`<p class="notice">Its arguments have ${formatCount(failure.args.length)} bytes: what has more than ${formatCount(MOST_EDITABLE_BYTES)} can be changed with <code>understudy failures edit --args-file</code> alone. Its queue can be changed here.</p>` : bodyBox(body, failure, trouble !== undefined)}
      <div><label for="queue">Queue</label>
        <input id="queue" name="queue" value="${literal(queue)}" autocomplete="off" autocapitalize="none" spellcheck="false" required></div>
      <div class="choices">
        <button type="submit" class="strong">Send back as a new job</button>
        <a class="button" href="${address}">Leave it as it is</a>
      </div>
    </form>`
}

function bodyBox({ form, text }: EditableBody, { contentType }: KeptFailure, isWrong: boolean): Html {
  const rows = Math.min(24, Math.max(4, text.split('\n', 25).length))
  const type = printableLine(contentType ?? 'no content type', 100)
  return html`<div><input type="hidden" name="form" value="${form}">
    <label for="args">Arguments</label>
    <p class="quiet" id="args-note">${form === 'base64' ? `As base64, since they are no plain text (${type})` : type}</p>
    <textarea id="args" name="args" rows="${rows}" spellcheck="false" autocomplete="off" autocapitalize="none" wrap="off"
      aria-describedby="${isWrong && 'edit-trouble '}args-note"${isWrong && html` aria-invalid="true"`}>${literalLines(text)}</textarea></div>`
}
