import { type Content, type Html, html } from '../../page/html.ts'

export interface Figure {
  readonly name: string
  readonly value: Content
  /** What it is made of, in a few words. Defaults to nothing. */
  readonly note?: Content
}

/** A few numbers that say how it goes. */
export function figures(all: readonly Figure[]): Html {
  return html`<dl class="figures">${all.map(
    ({ name, value, note }) =>
      html`<div><dt>${name}</dt><dd class="value">${value}</dd>${note ? html`<dd class="note">${note}</dd>` : ''}</div>`,
  )}</dl>`
}

/** `1 queue`, `2 queues`, with thousands set apart. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
