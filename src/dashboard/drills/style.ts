import { stacked } from '../assets/style-tables.ts'

/** What the pages of drills, the timeline and requests have beside what every page has. */
export const DRILL_STYLE: string = `
.beneath { display: block; font-weight: 400; font-size: var(--small); color: var(--muted); }
.rows .compared { text-align: center; }
.rows .report { white-space: nowrap; }
.rows.outages { --gap: 16px; }
.rows.outages .beneath { white-space: nowrap; }
.rows td.why { min-width: 17em; overflow-wrap: break-word; }
.rows th.drill { min-width: 17.5em; }
.lead + p > .button { margin-top: 12px; }
.beside { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 8px 20px; margin-top: 14px; }
.beside .pager { margin: 0; }
.trail { margin: 0 0 10px; font-size: var(--small); }
.verdict-line { display: flex; flex-wrap: wrap; gap: 2px 16px; }
.told li { padding: 5px 0; max-width: 80ch; }
.files li { padding: 4px 0; }
.files .quiet { margin-left: 8px; }

.spans { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 16px 0 0; }
.spans a[aria-current] { color: var(--ink); font-weight: 650; text-decoration: none; }
.plot { margin: 32px 0 0; }
.plot figcaption { margin-bottom: 12px; font-weight: 650; }
.plot .inset { padding-left: 34px; }
.plot svg { overflow: visible; }
.chart { display: block; }
.chart text { fill: var(--ink); font-size: 12px; }
.chart .quiet { fill: var(--muted); font-weight: 400; }
.chart .lane { font-weight: 650; }
.chart .grid { stroke: var(--grid); shape-rendering: crispEdges; }
.chart .base { stroke: var(--rule); shape-rendering: crispEdges; }
.rail { stroke: var(--rule); shape-rendering: crispEdges; }
.serves { fill: var(--accent); opacity: 0.35; }
.outage { fill: var(--bad); }
.failed { fill: var(--bad); }
.mark { overflow: visible; }
.mark.lost path { fill: none; stroke: var(--bad); stroke-width: 2.5; }
.mark.lost .around { stroke: var(--paper); stroke-width: 5.5; }
.mark.switched path { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
.mark.drilled path { fill: var(--ink); }
.drill { stroke: var(--ink); stroke-dasharray: 2 3; }
.legend { display: flex; flex-wrap: wrap; gap: 3px 22px; margin: 10px 0 0; padding-left: 34px; font-size: var(--small); color: var(--muted); }
.legend li { display: inline-flex; align-items: center; gap: 7px; }
.numbers { margin-top: 20px; }
.numbers .rows { max-width: 420px; }

.found h3 { font-size: var(--text); margin-bottom: 2px; }
.progress progress { width: min(320px, 60%); height: 12px; accent-color: var(--accent); vertical-align: -1px; }

@media (max-width: 1180px) {${stacked('.rows.outages')}
  .rows.outages { --label: 6.5em; }
  .rows.outages td.why { min-width: 0; }
  .rows.outages .beneath { white-space: normal; }
}
@media (max-width: 760px) {
  .rows .compared { text-align: left; }
  .rows th.drill { min-width: 0; }
  .rows td[data-title]:not([data-title=""]):is(:empty, :has(> .dash)) { display: none; }
  .plot .inset, .legend { padding-left: 24px; }
  .tick.minor { display: none; }
  .files .quiet { display: block; margin: 0; }
}
`
