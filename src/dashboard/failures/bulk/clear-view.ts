import { type Html, html } from '../../../page/html.ts'
import { failuresText } from '../status-words.ts'
import { literal } from '../literal.ts'

export interface ClearView {
  readonly basePath: string
  /** How many would go. */
  readonly count: number
  /** How many are being sent back, and stay. */
  readonly busy: number
  /** What has to be typed. */
  readonly word: string
  /** What was typed instead; undefined before it was tried. */
  readonly typed: string | undefined
}

/** Asks for a typed word before everything goes. */
export function clearView({ basePath, count, busy, word, typed }: ClearView): Html {
  return html`<h1>Clear all failures</h1>
    <p class="lead">${failuresText(count)} will be forgotten, whatever ${count === 1 ? 'its' : 'their'} status, with arguments and errors. This cannot be undone.</p>
    ${busy > 0 && html`<p>${failuresText(busy)} just being sent back ${busy === 1 ? 'stays' : 'stay'}.</p>`}
    <p><a href="${basePath}/failures/export?q=" download>Export all of them first</a></p>
    <form class="confirm" method="post" action="${basePath}/failures/clear">
      <div><label for="typed">Type <strong>${word}</strong> to go on</label>
        <input id="typed" name="typed" value="${literal(typed ?? '')}" autocomplete="off" autocapitalize="none" spellcheck="false" required${typed !== undefined && html` aria-invalid="true" aria-describedby="typed-trouble"`}>
        ${typed !== undefined && html`<span class="hint trouble" id="typed-trouble" role="alert">That is not it: nothing was removed</span>`}</div>
      <div class="choices"><button type="submit" class="danger">Clear all</button>
        <a class="button" href="${basePath}/failures">Leave it as it is</a></div>
    </form>`
}
