import { type Content, type Html, html } from '../../page/html.ts'

export interface Choice {
  readonly name: string
  readonly label: string
  /** What stands for no choice, such as `any`. */
  readonly any: string
  /** Values with their words; markup for values that are whatever somebody wrote. */
  readonly options: readonly { readonly value: Content; readonly words: string; readonly isChosen: boolean }[]
}

/** One of several, in a list to choose from. */
export function chooser({ name, label, any, options }: Choice): Html {
  return html`<div><label for="filter-${name}">${label}</label>
<select id="filter-${name}" name="${name}"><option value="">${any}</option>${options.map(
    ({ value, words, isChosen }) => html`<option value="${value}"${isChosen && html` selected`}>${words}</option>`,
  )}</select></div>`
}

/** A list narrowed by what is chosen: a GET, so that its address can be kept. */
export function filterForm(action: string, choices: readonly Choice[]): Html {
  return html`<form class="finder" method="get" action="${action}" role="search" aria-label="Filters"><div class="quick-filters">${choices.map(chooser)}
<div class="fitting"><button class="strong">Show</button></div></div></form>`
}
