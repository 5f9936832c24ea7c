/** Tables; on a narrow page each row becomes a block of titled lines. */
export const TABLE_STYLE: string = `
.rows { margin-top: 8px; }
.rows th, .rows td { padding: 9px 24px 9px 0; vertical-align: top; border-bottom: 1px solid var(--grid); }
.rows tbody th { font-weight: 650; }
.rows tbody th .small { font-weight: 400; }
.rows thead th { border-bottom-color: var(--rule); vertical-align: bottom; }
.rows .number { text-align: right; }
.rows tr > :last-child { padding-right: 0; }
.rows td.actions { text-align: right; white-space: nowrap; padding-block: 5px; }
.rows td.actions .action + .action { margin-left: 8px; }
.rows tbody tr:hover { background: var(--panel); }
.rows .mono { overflow-wrap: anywhere; }
.pager { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 14px; }

@media (max-width: 760px) {
  .rows, .rows tbody, .rows tr, .rows th, .rows td { display: block; width: auto; }
  .rows thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .rows tbody tr { padding: 10px 0; border-bottom: 1px solid var(--grid); }
  .rows tbody tr:hover { background: none; }
  .rows th, .rows td, .rows td.actions { padding: 2px 0; border: 0; text-align: left; white-space: normal; }
  .rows .number { text-align: left; }
  .rows td[data-title]:not([data-title=""]) { display: grid; grid-template-columns: 8.5em minmax(0, 1fr); gap: 0 12px; }
  .rows td[data-title]:not([data-title=""])::before { content: attr(data-title); color: var(--muted); font-size: var(--small); line-height: 1.79; }
  .rows td:empty { display: none; }
  .rows td.actions { padding-top: 8px; }
}
`
