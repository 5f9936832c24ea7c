/** What this page adds to that of a drill. */
export const THRESHOLD_STYLE: string = `
.wide { overflow-x: auto; max-width: 100%; }
.wide table { min-width: 860px; }
.wide .policies { min-width: 640px; }
.trials { font-size: var(--small); margin-top: 14px; }
.trials th, .trials td { padding: 7px 18px 7px 0; border-bottom: 1px solid var(--grid); vertical-align: top; overflow-wrap: normal; }
.trials tbody th { font-weight: 400; white-space: nowrap; }
.trials td:last-child, .trials th:last-child { padding-right: 0; }
.policies td, .policies th { padding: 8px 18px 8px 0; border-bottom: 1px solid var(--grid); }
`
