import { type Content, type Html, html } from '../../page/html.ts'

export interface PagerOptions {
  /** What is shown, such as `1–50 of 312`. Defaults to nothing. */
  readonly said?: string | undefined
  /** Addresses; undefined where there is no such page. All lists have the newest first. */
  readonly newest?: Content
  readonly newer?: Content
  readonly older?: Content
}

/** The way through a list of several pages. Without a way it only says what is shown. */
export function pager({ said, newest, newer, older }: PagerOptions): Html {
  const words = said !== undefined && html`<span class="quiet">${said}</span>`
  if (newest === undefined && newer === undefined && older === undefined)
    return words === false ? html`` : html`<p class="pager">${words}</p>`
  return html`<nav class="pager" aria-label="Pages">${words}${newest !== undefined && html`<a href="${newest}">Newest</a>`}${
    newer !== undefined && html`<a href="${newer}" rel="prev">Newer</a>`
  }${older !== undefined && html`<a href="${older}" rel="next">Older</a>`}</nav>`
}
