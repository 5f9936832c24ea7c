import { type Content, type Html, html } from '../../page/html.ts'

interface Column {
  readonly title: string
  /**
   * `number`: to the right, in figures of one width. `actions` and `check`: what is pressed, without a visible title.
   * `head`: names its row. Defaults to `head` for the first where no other is, and to text for the others.
   */
  readonly kind?: 'text' | 'number' | 'actions' | 'check' | 'head'
  /** For the style: a class of its cells. Defaults to none. */
  readonly name?: string
}

export interface TableOptions {
  /** What the table is, for who cannot see it. */
  readonly caption: string
  /** For the style: a class of its own. Defaults to none. */
  readonly name?: string
  readonly columns: readonly Column[]
  /** A cell for each column, and more are left out. */
  readonly rows: readonly (readonly Content[])[]
}

/** A table; on a narrow page each row becomes a block of titled lines, which its roles keep a table for all readers. */
export function table({ caption, name, columns, rows }: TableOptions): Html {
  const found = columns.findIndex(({ kind }) => kind === 'head')
  const head = Math.max(0, found)
  return html`<table role="table" class="${classes('rows', name)}">
<caption class="unseen">${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(
    ({ title, kind = 'text', name: own }) =>
      html`<th role="columnheader" scope="col" class="${classes(kind, own)}">${isUntitled(kind) ? html`<span class="unseen">${title}</span>` : title}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">${rows.map((cells) => row(columns, head, cells))}</tbody>
</table>`
}

function row(columns: readonly Column[], head: number, cells: readonly Content[]): Html {
  return html`<tr role="row">${columns.map(({ title, kind = 'text', name }, index) =>
    index === head
      ? html`<th role="rowheader" scope="row" class="${classes(kind, name)}">${cells[index]}</th>`
      : html`<td role="cell" class="${classes(kind, name)}" data-title="${isUntitled(kind) ? '' : title}">${cells[index]}</td>`,
  )}</tr>
`
}

function isUntitled(kind: Column['kind']): boolean {
  return kind === 'actions' || kind === 'check'
}

function classes(...names: readonly (string | undefined)[]): string {
  return names.filter((name) => name !== undefined).join(' ')
}
