/** What the pages of failures and the audit add to the dashboard's style. */
export const FAILURES_STYLE: string = `
[hidden] { display: none !important; }
.query-trouble { margin: 10px 0 0; padding: 10px 14px; background: var(--bad-wash); border-left: 3px solid var(--bad); }
.query-trouble p { max-width: none; }
.query-place { white-space: pre-wrap; }
.query-place mark { background: var(--bad); color: var(--paper); border-radius: 2px; }
.query-help { margin-top: 10px; font-size: var(--small); color: var(--muted); }
.query-help summary { width: fit-content; padding: 3px 0; }
.query-forms { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 6px 40px; margin: 8px 0; color: var(--ink); }
.query-forms > div { display: grid; grid-template-columns: 13.5em minmax(0, 1fr); gap: 12px; }
.query-forms dd { margin: 0; color: var(--muted); }

.tally { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 4px 28px; margin-top: 30px; }
.tally p { margin: 0; }
.tally ul, .links { display: flex; flex-wrap: wrap; gap: 4px 22px; }
.links { margin-top: 10px; }
.toolbar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 14px 0 0; padding: 10px 14px; border: 0; background: var(--panel); border-radius: 6px; min-width: 0; }
.toolbar .chosen { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-right: auto; }
.toolbar label { padding: 3px 0; }
.rows .check { width: 30px; padding-right: 10px; }
.rows .when, .rows td.status, .rows td.exact time { white-space: nowrap; }
.rows td.job { min-width: 9em; }
.rows td.queue, .rows td.who { min-width: 7em; }
.rows td.worker { min-width: 11em; }
/* An address is read whole: only one that is longer than its cell is broken. */
.rows td.broker { min-width: 14.5em; overflow-wrap: break-word; }
.groups { margin-top: 24px; }
.rows tr.is-checked { background: var(--wash); }
.rows a.narrow { color: inherit; text-decoration-color: var(--rule); }
.rows a.narrow:hover { text-decoration-color: currentColor; }
.choices form { margin: 0; }

.message { font-size: var(--lead); line-height: 1.45; white-space: pre-wrap; }
.box.hex { white-space: pre; overflow-x: auto; }
.history li, .related li { padding: 6px 0; border-bottom: 1px solid var(--grid); }
.history li { display: grid; grid-template-columns: 20em minmax(0, 1fr); gap: 16px; }
.causes { margin: 14px 0; }
.causes li { display: grid; grid-template-columns: 3.2em minmax(0, 1fr); gap: 16px; padding: 5px 0; border-bottom: 1px solid var(--grid); }
.options { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 14px 28px; margin: 22px 0 0; padding: 0; border: 0; min-width: 0; }
.options legend { padding: 0; margin-bottom: 8px; font-weight: 650; }
.options > div, .confirm > div:not(.choices), .edit > div:not(.choices) { display: grid; gap: 3px; align-content: start; margin-top: 14px; }
.options > div { margin-top: 0; }
.confirm > div > input, .edit > div > input { max-width: 420px; }
.hint { font-size: var(--small); color: var(--muted); }
.hint.trouble { color: var(--bad); }
.run progress { width: 100%; max-width: 520px; height: 10px; accent-color: var(--accent); }

@media (max-width: 760px) {
  .toolbar .chosen { flex-basis: 100%; }
  .toolbar button { flex: 1 1 auto; }
  .history li { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .query-forms > div { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .rows.failures tbody tr { display: grid; grid-template-columns: 30px minmax(0, 1fr); }
  .rows.failures tbody :is(td, th) { grid-column: 2; }
  .rows.failures td.check { grid-column: 1; grid-row: 1 / span 2; padding-top: 3px; }
  .rows.failures tbody th, .rows.groups tbody th { order: -1; padding-bottom: 4px; }
  .rows.failures, .rows.groups { --label: 6.5em; }
  .rows.groups tbody tr { display: grid; }
  .box.hex { font-size: 11px; }
}
`
