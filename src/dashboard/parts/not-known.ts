import { type Html, html } from '../../page/html.ts'

/** A dash where there is no figure, which says why to who cannot see it; a narrow table leaves its line out. */
export function notKnown(why: string): Html {
  return html`<span class="dash quiet" aria-hidden="true">–</span><span class="unseen">${why}</span>`
}
