import { type Content, type Html, html } from '../../page/html.ts'

/** What stands where there is nothing: what that means, and what would bring something there. */
export function empty(what: string, hint?: Content): Html {
  return html`<div class="empty"><p>${what}</p>${hint ? html`<p class="quiet">${hint}</p>` : ''}</div>`
}
