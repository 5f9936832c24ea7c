import type { FailureGroup } from '../../../jobs/failures/store.ts'
import { type Html, html } from '../../../page/html.ts'
import { printableLine } from '../../../page/printable.ts'
import { type Address, addressOf, searchAddress } from '../addresses.ts'
import { wouldGoText } from './confirm-words.ts'
import { literal } from '../literal.ts'
import { REQUEUE_FIELDS, type RequeueField, type RequeueForm } from './requeue-form.ts'
import type { RequeueOutcome } from '../../../jobs/failures/requeue/outcome.ts'
import { type Selection, selectionFields } from './selection.ts'
import { errorText, failuresText } from '../status-words.ts'
import { formatCount } from '../../parts/figures.ts'

/** What is asked for before anything is done. */
export type ConfirmedAction = 'requeue' | 'discard' | 'remove'

export interface ConfirmView {
  readonly basePath: string
  readonly action: ConfirmedAction
  readonly selection: Selection
  /** How many were chosen, and to how many of them it will be done. */
  readonly counts: { readonly chosen: number; readonly touched: number }
  /** What they are, by their cause. */
  readonly groups: readonly FailureGroup[]
  readonly form: RequeueForm
  /** What a dry run found; undefined where none was asked for. */
  readonly wouldGo: RequeueOutcome | undefined
  /** How many it was when it was asked before, where that was another number. */
  readonly before: number | undefined
}

/** The page that says exactly what will happen, and to how many. */
export function confirmView(view: ConfirmView): Html {
  const { basePath, action, selection, counts } = view
  const words = WORDS[action]
  const { touched, chosen } = counts
  return html`<h1>${words.title}</h1>
    ${view.before !== undefined && html`<p class="notice" role="status">When you were asked it was ${failuresText(view.before)}, now it is ${formatCount(touched)}. Nothing has been done yet.</p>`}
    <p class="lead">${words.says(touched)}</p>
    ${chosen > touched && html`<p>${words.stays(chosen - touched)}</p>`}
    <p class="quiet">${whatText(selection)}</p>
    ${groupLines(view)}
    ${
      touched === 0
        ? html`<div class="choices"><a class="button" href="${backAddress(basePath, selection)}">Back to the failures</a></div>`
        : html`<form class="confirm" method="post" action="${basePath}/failures/${action}">
      ${selectionFields(selection).map(([name, value]) => html`<input type="hidden" name="${name}" value="${literal(value)}">`)}
      <input type="hidden" name="expected" value="${touched}">
      ${action === 'requeue' && optionFields(view)}
      ${view.wouldGo && html`<p class="notice" role="status" id="would-go">${wouldGoText(view.wouldGo)}</p>`}
      <div class="choices">
        <button type="submit" class="${action === 'remove' ? 'danger' : 'strong'}">${words.button(touched)}</button>
        ${action === 'requeue' && html`<button type="submit" name="dry" value="1">Only count</button>`}
        <a class="button" href="${backAddress(basePath, selection)}">Leave it as it is</a>
      </div>
    </form>`
    }`
}

const WORDS: Readonly<
  Record<
    ConfirmedAction,
    {
      readonly title: string
      readonly says: (count: number) => string
      readonly stays: (count: number) => string
      readonly button: (count: number) => string
    }
  >
> = {
  requeue: {
    title: 'Send back',
    says: (count) =>
      count === 1
        ? '1 failed job goes back to its queue: with the same id and arguments, from its first attempt.'
        : `${formatCount(count)} failed jobs go back to their queues: each with the same id and arguments, from its first attempt.`,
    stays: (count) =>
      `${failuresText(count)} that you chose ${count === 1 ? 'is' : 'are'} not failed any more, and ${count === 1 ? 'stays' : 'stay'} as ${count === 1 ? 'it is' : 'they are'}.`,
    button: (count) => (count === 1 ? 'Send it back' : `Send ${formatCount(count)} back`),
  },
  discard: {
    title: 'Discard',
    says: (count) =>
      `${failuresText(count)} will be marked as not wanted any more. ${count === 1 ? 'It stays' : 'They stay'} to be seen, and ${count === 1 ? 'is' : 'are'} not sent back by anybody.`,
    stays: (count) =>
      `${failuresText(count)} that you chose ${count === 1 ? 'is' : 'are'} not failed any more, and ${count === 1 ? 'stays' : 'stay'} as ${count === 1 ? 'it is' : 'they are'}.`,
    button: (count) => (count === 1 ? 'Discard it' : `Discard ${formatCount(count)}`),
  },
  remove: {
    title: 'Remove',
    says: (count) =>
      `${failuresText(count)} will be forgotten, with arguments and errors. This cannot be undone: export ${count === 1 ? 'it' : 'them'} first if ${count === 1 ? 'it' : 'they'} may be needed.`,
    stays: (count) =>
      `${failuresText(count)} that you chose ${count === 1 ? 'is' : 'are'} just being sent back, and ${count === 1 ? 'stays' : 'stay'}.`,
    button: (count) => (count === 1 ? 'Remove it' : `Remove ${formatCount(count)}`),
  },
}

/** What was chosen, as an audit and this page tell it. */
export function whatText(selection: Selection): string {
  if (selection.kind === 'ids') {
    const [first = ''] = selection.ids
    return selection.ids.length === 1
      ? `Chosen: ${printableLine(first)}`
      : `Chosen: ${formatCount(selection.ids.length)} checked failures`
  }
  const query = selection.text.trim()
  return query === '' || query === '*'
    ? 'Chosen: all failures'
    : `Chosen: all that match ${printableLine(query, 1_000)}`
}

function backAddress(basePath: string, selection: Selection): Address {
  return selection.kind === 'query' ? searchAddress(basePath, selection.text) : addressOf(basePath, '/failures')
}

function groupLines({ groups, counts }: ConfirmView): Html {
  if (groups.length === 0) return html``
  const told = groups.reduce((sum, { count }) => sum + count, 0)
  return html`<ul class="causes">
    ${groups.map((group) => html`<li><span class="number">${formatCount(group.count)}</span> <span>${group.job === '' ? 'unknown job' : printableLine(group.job, 80)}: ${printableLine(errorText(group), 160)}</span></li>`)}
    ${told < counts.touched && html`<li><span class="number">${formatCount(counts.touched - told)}</span> <span>of other causes</span></li>`}
  </ul>`
}

const LABELS: Readonly<Record<RequeueField, { readonly label: string; readonly hint: string }>> = {
  to: { label: 'Queue', hint: 'another than each came from' },
  limit: { label: 'At most', hint: 'the eldest first' },
  maxAge: { label: 'Not older than', hint: 'such as 2h or 1d: older jobs may do harm now' },
  rate: { label: 'Per second', hint: 'as fast as the broker takes them when empty' },
  canary: { label: 'Try first', hint: 'so many; the rest when each has succeeded' },
  canaryTimeout: { label: 'Wait for those', hint: 'such as 1m' },
}

function optionFields({ form }: ConfirmView): Html {
  const { filled, troubles } = form
  return html`<fieldset class="options">
    <legend>How (all may stay empty)</legend>
    ${REQUEUE_FIELDS.map((field) => {
      const { label, hint } = LABELS[field]
      const trouble = troubles[field]
      return html`<div>
        <label for="option-${field}">${label}</label>
        <input id="option-${field}" name="${field}" value="${literal(filled[field])}" autocomplete="off" autocapitalize="none" spellcheck="false"
          aria-describedby="hint-${field}"${trouble !== undefined && html` aria-invalid="true"`}>
        <span class="hint${trouble !== undefined && ' trouble'}" id="hint-${field}">${trouble ?? hint}</span>
      </div>`
    })}
  </fieldset>`
}
