/** What the pages of drills, the timeline and requests have beside what every page has. */
export const DRILL_STYLE: string = `
.filters { display: flex; flex-wrap: wrap; align-items: end; gap: 10px 18px; margin: 20px 0 4px; }
.filters label { font-size: var(--small); color: var(--muted); }
.filters select { display: block; margin-top: 3px; min-width: 9em; font-size: var(--text); color: var(--ink); }
.filters button { min-height: 34px; }
.beneath { display: block; font-weight: 400; font-size: var(--small); color: var(--muted); }
.listed .rows td:last-child, .listed .rows th:last-child { text-align: center; }
.listed input[type=checkbox] { width: 18px; height: 18px; margin: 3px; accent-color: var(--accent); }
.beside { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 8px 20px; margin-top: 14px; }
.beside .pager { margin: 0; }
.trail { margin: 0 0 10px; font-size: var(--small); }
.verdict-line { display: flex; flex-wrap: wrap; gap: 2px 16px; }
.facts { margin: 10px 0 0; max-width: 820px; }
.facts > div { display: grid; grid-template-columns: 13em minmax(0, 1fr); gap: 0 20px; padding: 7px 0; border-bottom: 1px solid var(--grid); }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; }
.told li { padding: 5px 0; max-width: 80ch; }
.files li { padding: 4px 0; }
.files .quiet { margin-left: 8px; }
.command { margin: 8px 0 0; padding: 12px 16px; background: var(--panel); border-radius: 6px; white-space: pre-wrap; }
a.button.strong { background: var(--accent); border-color: var(--accent); color: var(--paper); font-weight: 650; }

.spans { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 16px 0 0; }
.spans a[aria-current] { color: var(--ink); font-weight: 650; text-decoration: none; }
#timeline > section { margin-top: 44px; }
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

.look-up { margin: 20px 0 0; }
.look-up label { font-weight: 650; }
.look-up .line { display: flex; gap: 8px; margin-top: 4px; max-width: 640px; }
.look-up input { flex: 1 1 auto; min-width: 0; font-family: var(--mono); }
.found h3 { font-size: var(--text); margin-bottom: 2px; }
.found h4 { margin: 16px 0 4px; font-size: var(--small); font-weight: 400; color: var(--muted); }
.found progress { width: min(320px, 60%); height: 12px; accent-color: var(--accent); vertical-align: -1px; }
.found .value { margin: 0; padding: 12px 16px; max-height: 420px; overflow: auto; background: var(--panel); border-radius: 6px; white-space: pre-wrap; }

@media (max-width: 760px) {
  .filters label, .filters select { flex: 1 1 40%; width: 100%; min-width: 0; }
  .filters label { flex: 1 1 40%; }
  .listed .rows td:last-child { text-align: left; }
  .rows td[data-title]:not([data-title=""]):is(:empty, :has(> .dash)) { display: none; }
  .facts > div { grid-template-columns: minmax(0, 1fr); padding: 6px 0; }
  .facts dt { font-size: var(--small); }
  .plot .inset, .legend { padding-left: 24px; }
  .tick.minor { display: none; }
  .files .quiet { display: block; margin: 0; }
}
`
