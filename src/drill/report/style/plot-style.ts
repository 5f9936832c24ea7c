/** The plots: what is drawn by the page itself, and the frame of what a script draws. */
export const PLOT_STYLE: string = `
.plot { margin: 30px 0 0; }
.plot + .plot { margin-top: 40px; }
figcaption { margin-bottom: 10px; font-weight: 650; }
figcaption .meaning { font-weight: 400; }
.inset { padding-left: var(--gutter); }
.spans { display: inline-flex; border: 0; margin: 4px 0 0; padding: 0; }
.spans label { cursor: pointer; padding: 5px 14px; border: 1px solid var(--rule); font-size: var(--small); }
.spans label:first-of-type { border-radius: 6px 0 0 6px; }
.spans label:last-of-type { border-radius: 0 6px 6px 0; border-left: 0; }
.spans label:has(:checked) { background: var(--wash); color: var(--ink); font-weight: 650; }
.spans label:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.spans input { appearance: none; margin: 0; }
.spans label:has(:checked)::before { content: "\\2713\\00a0"; }
body:has(#span-near:checked) .all, body:has(#span-all:checked) .near { display: none; }

svg { display: block; overflow: visible; }
svg.glyph { display: inline-block; }
svg.clip { overflow: hidden; }
.symbols { position: absolute; }
svg text { fill: var(--ink); font-size: 12px; }
svg .quiet { fill: var(--muted); font-weight: 400; }
svg .strong { font-weight: 650; }
.grid { stroke: var(--grid); shape-rendering: crispEdges; }
.base { stroke: var(--rule); shape-rendering: crispEdges; }
.halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.moment { stroke: var(--muted); }
.moment.fault { stroke: var(--bad); stroke-width: 1.75; }
.moment.proof { stroke: var(--bad); stroke-dasharray: 2 3; }
.moment.lock { stroke-dasharray: 6 3; }
.moment.reconnect { stroke-dasharray: 2 2; }
.moment.confirm { stroke: var(--good); stroke-width: 1.5; }
.moment.heal { stroke-dasharray: 9 3 2 3; }
.moment.abort { stroke: var(--bad); stroke-dasharray: 6 3; }
.moment-key { display: none; font-size: var(--small); columns: 2; gap: 24px; margin: 8px 0 0; }
.moment-key b { display: inline-block; min-width: 1.6em; }
.moment-number { display: none; }

.curve { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.curve.second { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 3; }
.curve.quiet { stroke: var(--muted); stroke-width: 1.5; }
.area { fill: var(--wash); stroke: var(--accent); stroke-width: 1.25; vector-effect: non-scaling-stroke; }
.area.quiet { fill: var(--grid); stroke: var(--muted); }
.bar { fill: var(--accent); }
.bar-start { stroke: var(--accent); stroke-width: 2; }
.rail { stroke: var(--rule); }
.expected { fill: url(#hatch); stroke: var(--muted); }
.claim { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 6 3; }

.legend { display: flex; flex-wrap: wrap; gap: 3px 20px; margin: 10px 0 0; padding-left: var(--gutter); font-size: var(--small); color: var(--muted); }
.legend li { display: inline-flex; align-items: center; gap: 7px; }
.legend svg { flex: none; }
.dots { stroke: var(--accent); stroke-width: 5; stroke-linecap: round; fill: none; }
.dots.quiet { stroke: var(--muted); stroke-width: 4; }
.m-ack { fill: var(--accent); }
.m-ambiguous { fill: var(--doubt); }
.m-refused { stroke: var(--muted); stroke-width: 1.75; fill: none; }
.m-nack { fill: var(--bad); }
.m-returned { fill: var(--paper); stroke: var(--bad); stroke-width: 1.5; }
.resent { fill: var(--paper); stroke: var(--doubt); stroke-width: 1.75; }
.unconfirmed { stroke: var(--bad); stroke-width: 1.75; }
.probe-serving { fill: var(--good); stroke: var(--good); stroke-width: 1; }
.probe-refused { fill: none; stroke: var(--muted); stroke-width: 1; }
.probe-mute { fill: url(#hatch); stroke: var(--doubt); stroke-width: 1; }
.probe-reset, .probe-unreachable { fill: url(#sparse); stroke: var(--bad); stroke-width: 1; }
.hatch { stroke: var(--doubt); stroke-width: 2.5; }
.sparse { stroke: var(--bad); stroke-width: 2; }

#latency-plot { min-height: 220px; overflow: hidden; }
#latency-plot .u-cursor-x { border-right: 1px solid var(--muted); }
.readout { margin: 4px 0 0; min-height: 1.6em; font-size: var(--small); color: var(--muted); padding-left: var(--gutter); max-width: none; }

.waterfall { margin-top: 18px; }
.waterfall th, .waterfall td { padding: 10px 0; border-bottom: 1px solid var(--grid); vertical-align: middle; }
.waterfall tbody th { width: 21em; padding-right: 24px; }
.waterfall .meaning { display: block; font-weight: 400; font-size: var(--small); line-height: 1.4; }
.waterfall .number { width: 6.5em; }
.waterfall tfoot th, .waterfall tfoot td { border: 0; border-top: 1px solid var(--ink); font-weight: 650; }

@media screen and (max-width: 760px) {
  .legend, .readout { padding-left: 0; }
  .readout { min-height: 3.2em; }
  .tick.minor { display: none; }
  .moment-label { display: none; }
  .moment-number { display: block; }
  .moment-key { display: block; }
  .waterfall thead { display: none; }
  .waterfall tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 16px; border-bottom: 1px solid var(--grid); padding: 9px 0; }
  .waterfall th, .waterfall td, .waterfall tbody th, .waterfall tfoot th, .waterfall tfoot td { width: auto; padding: 0; border: 0; }
  .waterfall td.drawn { grid-row: 2; grid-column: 1 / -1; }
  .waterfall tfoot tr { border-bottom: 0; border-top: 1px solid var(--ink); }
  .waterfall td:empty { display: none; }
}
@media screen and (max-width: 480px) { .moment-key { columns: 1; } }

/* The plot of a script is a picture of fixed width, drawn again at this one for paper. */
.printing .plot { width: 680px; }
@media print {
  .plot { width: 680px; break-inside: avoid; }
  .spans, .readout { display: none; }
  .waterfall, .legend { break-inside: avoid; }
}
`
