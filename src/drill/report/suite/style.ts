/** What the page of a suite adds to that of a drill. */
export const SUITE_STYLE: string = `
.wide { overflow-x: auto; max-width: 100%; }
.wide table { min-width: 900px; }
.drills, .runs { margin-top: 14px; }
.drills th, .drills td, .runs th, .runs td { padding: 9px 18px 9px 0; border-bottom: 1px solid var(--grid); vertical-align: top; overflow-wrap: normal; }
.drills tbody th { font-weight: 650; }
.drills .strip { width: 34%; min-width: 240px; }
.drills .strip svg { margin-top: 2px; }
.drills .axis td, .drills .axis th { border: 0; padding-top: 0; }
.runs { font-size: var(--small); }
.runs tbody th { font-weight: 400; white-space: nowrap; }
.runs .why { color: var(--muted); min-width: 22em; }
.drills td:last-child, .drills th:last-child, .runs td:last-child, .runs th:last-child { padding-right: 0; }
.state { white-space: nowrap; }
.state.pass { color: var(--good); }
.state.fail, .state.broken { color: var(--bad); }
.state.unknown, .state.interrupted, .state.skipped { color: var(--unknown); }
#drills .legend { padding-left: 0; }
.band { fill: var(--wash); }
.drill { padding-top: 44px; }
.drill h3 { font-size: var(--lead); margin: 0 0 2px; }
.drill .reasons li { margin-top: 4px; }
@media screen and (max-width: 760px) {
  .drills { min-width: 0; }
  .wide table.drills { min-width: 0; }
  .drills thead { display: none; }
  .drills tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 16px; border-bottom: 1px solid var(--grid); padding: 10px 0; }
  .drills th, .drills td { padding: 0; border: 0; }
  .drills .strip { grid-row: 2; grid-column: 1 / -1; width: auto; min-width: 0; padding-block: 4px; }
  .drills .axis { border: 0; padding: 0; }
  .drills .axis .strip { grid-row: 1; }
  .drills .axis th { display: none; }
  .drills td[data-name] { text-align: left; grid-column: 1 / -1; white-space: normal; }
  .drills td[data-name]::before { content: attr(data-name) "\\00a0\\00a0"; color: var(--muted); font-size: var(--small); }
  .drills td:empty { display: none; }
}
`
