import { type Content, type Html, html } from '../../page/html.ts'

interface Column {
  readonly title: string
  /** `number`: to the right, in figures of one width. `actions`: buttons, without a visible title. Defaults to text. */
  readonly kind?: 'text' | 'number' | 'actions'
}

export interface TableOptions {
  /** What the table is, for who cannot see it. */
  readonly caption: string
  readonly columns: readonly Column[]
  /** A cell for each column, and more are left out. The first names its row. */
  readonly rows: readonly (readonly Content[])[]
}

/** A table; on a narrow page each row becomes a block of titled lines, which its roles keep a table for all readers. */
export function table({ caption, columns, rows }: TableOptions): Html {
  return html`<table role="table" class="rows">
<caption class="unseen">${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(
    ({ title, kind }) =>
      html`<th role="columnheader" scope="col" class="${kind ?? 'text'}">${kind === 'actions' ? html`<span class="unseen">${title}</span>` : title}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">${rows.map((cells) => row(columns, cells))}</tbody>
</table>`
}

function row(columns: readonly Column[], cells: readonly Content[]): Html {
  return html`<tr role="row">${columns.map(({ title, kind = 'text' }, index) =>
    index === 0
      ? html`<th role="rowheader" scope="row" class="${kind}">${cells[index]}</th>`
      : html`<td role="cell" class="${kind}" data-title="${kind === 'actions' ? '' : title}">${cells[index]}</td>`,
  )}</tr>
`
}
