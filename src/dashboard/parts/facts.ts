import { type Content, type Html, html } from '../../page/html.ts'

/** What is known of one thing, by name. */
export function facts(rows: readonly (readonly [name: Content, value: Content])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}
