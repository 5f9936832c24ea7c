import { type Html, html } from '../../page/html.ts'

export interface PagerOptions {
  /** What is shown, such as `1–50 of 312`. */
  readonly said: string
  /** Addresses; undefined where there is no such page. */
  readonly first?: string | undefined
  readonly next?: string | undefined
}

/** The way through a list of several pages. Nothing where there is only one. */
export function pager({ said, first, next }: PagerOptions): Html {
  if (first === undefined && next === undefined) return html`<p class="quiet pager">${said}</p>`
  return html`<nav class="pager" aria-label="Pages"><span class="quiet">${said}</span>${
    first === undefined ? '' : html`<a href="${first}">First page</a>`
  }${next === undefined ? '' : html`<a href="${next}" rel="next">Next page</a>`}</nav>`
}
