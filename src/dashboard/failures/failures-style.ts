/** What the pages of failures and the audit add to the dashboard's style. */
export const FAILURES_STYLE: string = `
[hidden] { display: none !important; }
.finder { margin: 18px 0 0; }
.finder-line { display: flex; flex-wrap: wrap; gap: 6px 8px; align-items: center; }
.finder-line label { flex-basis: 100%; font-size: var(--small); color: var(--muted); }
.finder-line input { flex: 1 1 240px; min-width: 0; font-family: var(--mono); font-size: 0.93em; }
.quick-filters { display: flex; flex-wrap: wrap; gap: 8px 16px; margin-top: 10px; align-items: end; }
.quick-filters > div { display: grid; gap: 2px; flex: 0 1 170px; min-width: 0; }
.quick-filters > .fitting { flex: none; }
.quick-filters label { font-size: var(--small); color: var(--muted); }
.quick-filters input, .quick-filters select, .quick-filters button, .finder-line button { height: 34px; }
.quick-filters input, .quick-filters select { width: 100%; min-width: 0; }
.query-trouble { margin: 10px 0 0; padding: 10px 14px; background: var(--bad-wash); border-left: 3px solid var(--bad); }
.query-trouble p { max-width: none; }
.query-place { white-space: pre-wrap; }
.query-place mark { background: var(--bad); color: var(--paper); border-radius: 2px; }
input[aria-invalid], textarea[aria-invalid] { border-color: var(--bad); }
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
input[type=checkbox] { width: 16px; height: 16px; margin: 0; vertical-align: -2px; accent-color: var(--accent); }
.rows td.when, .rows td.status, .rows td.exact time { white-space: nowrap; }
.rows td.job { min-width: 9em; }
.rows td.queue, .rows td.who { min-width: 7em; }
.rows td.worker, .rows td.broker { min-width: 11em; }
.groups { margin-top: 24px; }
.attempts thead th, .failures thead th, .groups thead th, .audit thead th { white-space: nowrap; }
.rows tr.is-checked { background: var(--wash); }
.rows a.narrow { color: inherit; text-decoration-color: var(--rule); }
.rows a.narrow:hover { text-decoration-color: currentColor; }
.rows .row-actions { display: flex; flex-wrap: wrap; gap: 2px 18px; justify-content: flex-end; white-space: nowrap; }
@media (min-width: 1100px) { .rows .row-actions { flex-wrap: nowrap; } }
.a-button-row, .choices form { margin: 0; }
.button.strong { background: var(--accent); border-color: var(--accent); color: var(--paper); font-weight: 650; }
.button.strong:hover { filter: brightness(1.08); }

.message { font-size: var(--lead); line-height: 1.45; white-space: pre-wrap; }
.known th, .known td { padding: 7px 0; vertical-align: top; border-bottom: 1px solid var(--grid); }
.known th { font-weight: 400; color: var(--muted); width: 15em; padding-right: 16px; }
.stack, .body { margin: 8px 0 0; padding: 14px 16px; background: var(--panel); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 560px; overflow-y: auto; line-height: 1.5; }
.body.hex { white-space: pre; overflow-x: auto; }
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
.unit { display: none; }

@media (max-width: 760px) {
  .quick-filters > div { flex: 1 1 130px; }
  .toolbar .chosen { flex-basis: 100%; }
  .toolbar button { flex: 1 1 auto; }
  .known th, .known td { display: block; width: auto; border: 0; padding: 0; }
  .known th { padding-top: 9px; font-size: var(--small); }
  .known td { padding-bottom: 9px; border-bottom: 1px solid var(--grid); }
  .history li { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .query-forms > div { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .rows .row-actions { justify-content: flex-start; }
  .rows.failures tbody tr { display: grid; grid-template-columns: 30px minmax(0, 1fr); }
  .rows.failures tbody td { grid-column: 2; }
  .rows.failures td.check { grid-column: 1; grid-row: 1 / span 2; padding-top: 3px; }
  .rows.failures td.what, .rows.groups td.what { order: -1; padding-bottom: 4px; }
  .rows.failures td[data-title]:not([data-title=""]), .rows.groups td[data-title]:not([data-title=""]) { grid-template-columns: 6em minmax(0, 1fr); }
  .rows.groups tbody tr { display: grid; }
  .quick-filters button, .finder-line button { min-height: 34px; line-height: 24px; }
  .body.hex { font-size: 11px; }
}
`
