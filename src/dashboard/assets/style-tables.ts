/** Tables; on a narrow page each row becomes a block of titled lines. */
export const TABLE_STYLE: string = `
.rows { margin-top: 8px; }
.rows th, .rows td { padding: 9px var(--gap, 24px) 9px 0; vertical-align: top; border-bottom: 1px solid var(--grid); }
.rows tbody th { font-weight: 650; }
.rows.failures tbody th, .rows.groups tbody th, .rows.audit tbody th { font-weight: 400; }
.rows time { white-space: nowrap; }
.rows .cause { font-weight: 400; }
.rows tbody th .small { font-weight: 400; }
.rows thead th { border-bottom-color: var(--rule); vertical-align: bottom; white-space: nowrap; }
.rows .number { text-align: right; }
.rows tr > :last-child { padding-right: 0; }
.rows td.actions { text-align: right; white-space: nowrap; padding-block: 5px; }
.rows td.actions .action + .action { margin-left: 8px; }
.rows tbody tr:hover { background: var(--panel); }
.rows .mono { overflow-wrap: anywhere; }
.facts { margin: 10px 0 0; max-width: 900px; }
.facts > div { display: grid; grid-template-columns: 17em minmax(0, 1fr); gap: 0 20px; padding: 7px 0; border-bottom: 1px solid var(--grid); }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; }
.pager { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 14px; }

@media (max-width: 760px) {${stacked('.rows')}
  .rows.audit tbody th { font-weight: 650; }
  .facts > div { grid-template-columns: minmax(0, 1fr); padding: 6px 0; }
  .facts dt { font-size: var(--small); }
}
`

/** Each row of these tables as a block of titled lines; for a page that is too narrow for their columns. */
export function stacked(rows: string): string {
  return `
  ${rows}, ${rows} tbody, ${rows} tr, ${rows} th, ${rows} td { display: block; width: auto; }
  ${rows} thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  ${rows} tbody tr { padding: 10px 0; border-bottom: 1px solid var(--grid); }
  ${rows} tbody tr:hover { background: none; }
  ${rows} th, ${rows} td, ${rows} td.actions { padding: 2px 0; border: 0; text-align: left; white-space: normal; }
  ${rows} .number { text-align: left; }
  ${rows} { --label: 9.2em; }
  ${rows} td[data-title]:not([data-title=""]) { position: relative; padding-left: var(--label); min-height: 27px; }
  ${rows} td[data-title]:not([data-title=""])::before { content: attr(data-title); position: absolute; left: 0; color: var(--muted); font-size: var(--small); line-height: 1.79; }
  ${rows} td:empty { display: none; }
  ${rows} td.actions { padding-top: 8px; }`
}
