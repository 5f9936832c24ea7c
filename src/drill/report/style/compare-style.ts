/** Two things side by side. */
export const COMPARE_STYLE: string = `
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 0 48px; margin-top: 26px; }
.side { border-top: 2px solid var(--ink); }
.side .kicker { padding: 9px 0 0; }
.side .line { font-weight: 650; }
.side .dot { color: var(--muted); font-weight: 400; }
.compared td { width: 24%; padding-right: 24px; }
.compared thead td { width: auto; }
.compared svg:not(.glyph) { margin-top: 5px; }
.compared .better, .compared .worse { font-weight: 650; }
.compared .same, .compared .other { color: var(--muted); }
.waterfall .whole th, .waterfall .whole td { font-weight: 650; border-bottom-color: var(--ink); }
@media screen and (max-width: 760px) {
  .sides { grid-template-columns: minmax(0, 1fr); gap: 24px; }
  .compared thead { display: none; }
  .compared tr { display: grid; grid-template-columns: 1fr 1fr; gap: 2px 20px; border-bottom: 1px solid var(--grid); padding: 9px 0; }
  .compared th, .compared td { width: auto; padding: 0; border: 0; }
  .compared th, .compared td:nth-child(4) { grid-column: 1 / -1; width: auto; }
  .compared td[data-name]::before { content: attr(data-name) "\\00a0\\00a0"; color: var(--muted); font-size: 12px; }
}
`
