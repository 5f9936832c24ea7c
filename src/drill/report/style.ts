const LIGHT = `
  --paper: #ffffff; --panel: #f6f7f9; --ink: #1c2128; --muted: #56606b; --grid: #e6eaee; --line: #cfd6dd;
  --ack: #0a6c9e; --ambiguous: #955800; --refused: #66717d; --bad: #b3261e; --good: #1a7337; --unknown: #7a5c00;
  --fault: #b3261e; --lock: #6639ba; --heal: #0b6b7c; --serving: #5c9c74; --hatch: #955800;
`

const DARK = `
  --paper: #12161b; --panel: #1a2027; --ink: #e6eaef; --muted: #9ba6b2; --grid: #232a33; --line: #38424e;
  --ack: #58b2e8; --ambiguous: #e3a33b; --refused: #939eab; --bad: #ff8078; --good: #5fc678; --unknown: #dcb64a;
  --fault: #ff8078; --lock: #b99cf6; --heal: #55c4d8; --serving: #3f8159; --hatch: #e3a33b;
`

/** The page's own style: no font and no image from elsewhere, and no style attribute, which its policy forbids. */
export const PAGE_STYLE: string = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not(.printing) { ${DARK} } }
@media print { :root { color-scheme: light; ${LIGHT} } }

* { box-sizing: border-box; }
html { background: var(--paper); -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 36px 32px 80px; max-width: 1120px; color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
code, pre { font: 0.92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
h1 { font-size: 27px; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em; margin: 14px 0 10px; max-width: 34em; text-wrap: balance; overflow-wrap: anywhere; }
h2 { font-size: 19px; line-height: 1.3; font-weight: 600; margin: 56px 0 6px; }
h3 { font-size: 14px; font-weight: 600; margin: 26px 0 6px; }
p { margin: 6px 0; max-width: 72ch; text-wrap: pretty; }
.lead, .meta, .nothing, .meaning, .note, .also { color: var(--muted); }
.meta { margin: 0; font-size: 14px; overflow-wrap: anywhere; }
.lead { margin-bottom: 18px; }

.verdict { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; max-width: none; margin: 0; font-size: 14px; font-weight: 600; }
.verdict .word { padding: 2px 11px; border-radius: 3px; color: var(--paper); letter-spacing: 0.06em; }
.verdict.pass .word { background: var(--good); }
.verdict.fail .word { background: var(--bad); }
.verdict.unknown .word { background: var(--unknown); }
.verdict span:last-child { overflow-wrap: anywhere; min-width: 0; }
b.FAIL { color: var(--bad); }
b.PASS { color: var(--good); }
b.UNKNOWN { color: var(--unknown); }

.told { margin: 22px 0 0; padding: 0 0 0 16px; border-left: 3px solid var(--line); max-width: 80ch; overflow-wrap: anywhere; }
.told.bad { border-color: var(--bad); }
.told h2 { margin: 0 0 2px; font-size: 14px; }
.told ul { margin: 0; padding-left: 18px; }

.figures { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1px; margin: 32px 0 0; background: var(--line); border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.figures dl { margin: 0; padding: 16px 18px 15px; background: var(--paper); }
.figures dt { font-size: 13px; color: var(--muted); }
.figures dd { margin: 0; }
.figures .value { font-size: 24px; line-height: 1.3; font-weight: 600; letter-spacing: -0.01em; }
.figures .note { font-size: 13px; line-height: 1.4; margin-top: 2px; }
.figure-bad .value { color: var(--bad); }
.figure-good .value { color: var(--good); }

.spans { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 14px 0 18px; padding: 0; border: 0; font-size: 14px; }
.spans legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.spans label { cursor: pointer; display: inline-flex; align-items: center; gap: 6px; }
.spans input { accent-color: var(--ack); margin: 0; }
.plot { margin: 0; }
.inset { padding-left: 56px; }
.run:has(#span-near:checked) .all, .run:has(#span-all:checked) .near { display: none; }
svg { display: block; overflow: visible; }
.symbols { position: absolute; }
svg text { fill: var(--ink); font-size: 12px; }
.tick, .moment-time, .lane-endpoint { fill: var(--muted) !important; }
.moment-label, .lane-name { font-weight: 600; }
.moment-label, .lane-name { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.moment-time, .lane-endpoint { font-weight: 400; }
.grid { stroke: var(--grid); shape-rendering: crispEdges; }
.moment { stroke: var(--muted); }
.moment.fault { stroke: var(--fault); stroke-width: 1.5; }
.moment.proof { stroke: var(--fault); stroke-dasharray: 2 3; }
.moment.lock { stroke: var(--lock); stroke-dasharray: 6 3; }
.moment.reconnect { stroke-dasharray: 2 2; }
.moment.confirm { stroke: var(--good); }
.moment.heal { stroke: var(--heal); stroke-dasharray: 8 3 2 3; }
#latency-plot { min-height: 220px; overflow: hidden; }
#latency-plot .u-cursor-x { border-right: 1px solid var(--muted); }
.readout { margin: 4px 0 0; min-height: 1.5em; font-size: 13px; color: var(--muted); padding-left: 56px; max-width: none; overflow-wrap: anywhere; }
.caption { font-weight: 600; font-size: 14px; margin: 0 0 8px; }
.caption .meaning { font-weight: 400; }
.plot + .plot { margin-top: 30px; }

.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 3px 20px; margin: 8px 0 0; padding: 0 0 0 56px; font-size: 13px; color: var(--muted); }
.legend li { display: inline-flex; align-items: center; gap: 6px; }
.legend svg { flex: none; }
.lane-line { stroke: var(--line); }
.dots { stroke: var(--ack); stroke-width: 5; stroke-linecap: round; fill: none; }
.m-ack { fill: var(--ack); }
.m-ambiguous { fill: var(--ambiguous); }
.m-refused { stroke: var(--refused); stroke-width: 1.75; fill: none; }
.m-nack { fill: var(--bad); }
.resent { fill: var(--paper); stroke: var(--ambiguous); stroke-width: 1.75; }
.unconfirmed { stroke: var(--bad); stroke-width: 1.75; }
.m-returned { fill: var(--paper); stroke: var(--bad); stroke-width: 1.5; }
.probe-serving { fill: var(--serving); stroke: var(--serving); stroke-width: 1; }
.probe-refused { fill: none; stroke: var(--refused); stroke-width: 1; }
.probe-mute { fill: url(#hatch); stroke: var(--hatch); stroke-width: 1; }
.probe-reset, .probe-unreachable { fill: url(#sparse); stroke: var(--bad); stroke-width: 1; }
.hatch { stroke: var(--hatch); stroke-width: 2.5; }
.sparse { stroke: var(--bad); stroke-width: 2; }

table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; }
thead th { font-size: 13px; font-weight: 400; color: var(--muted); }
.number { text-align: right; white-space: nowrap; }
.waterfall { margin-top: 14px; }
.waterfall th, .waterfall td { padding: 9px 0; border-bottom: 1px solid var(--grid); vertical-align: middle; }
.waterfall tbody th { width: 21em; padding-right: 24px; }
.waterfall .meaning { display: block; font-weight: 400; font-size: 13px; line-height: 1.35; }
.waterfall td.number, .waterfall th.number { width: 6em; }
.waterfall tfoot th, .waterfall tfoot td { border: 0; border-top: 1px solid var(--ink); font-weight: 600; }
.rail { stroke: var(--grid); }
.part { fill: var(--ack); }
.part-start { stroke: var(--ack); stroke-width: 2; }

.group { margin-top: 18px; }
.group > summary { color: var(--muted); padding: 4px 0; }
.fates { font-size: 14px; table-layout: fixed; }
.fates th, .fates td { padding: 8px 18px 8px 0; vertical-align: top; border-bottom: 1px solid var(--grid); }
.fates thead th { border-bottom-color: var(--line); padding-bottom: 4px; }
.fates td:last-child { padding-right: 0; }
.fates .job { width: 15%; }
.fates thead .number { width: 9%; }
.fates thead .number:nth-child(3) { width: 13%; }
.fates td:not(.why) { text-align: right; white-space: nowrap; }
.fate { display: inline-block; margin-right: 8px; padding: 0 8px; border: 1px solid; border-radius: 3px; font-weight: 600; color: var(--muted); }
.fate.grave { color: var(--bad); }
.fate.middling { color: var(--ambiguous); }
.job { font: 0.92em/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
thead .job { font: inherit; font-size: 13px; }
.why { overflow-wrap: anywhere; }
summary { cursor: pointer; }
a { color: var(--ack); }
summary:focus-visible, input:focus-visible { outline: 2px solid var(--ack); outline-offset: 2px; }
.timeline { list-style: none; margin: 8px 0 4px; padding: 0 0 0 14px; border-left: 2px solid var(--line); color: var(--muted); }
.timeline time { display: inline-block; min-width: 6.2em; color: var(--ink); }

.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 48px; }
.facts { font-size: 14px; }
.facts th, .facts td { padding: 5px 0; vertical-align: top; border-bottom: 1px solid var(--grid); overflow-wrap: anywhere; }
.facts th { font-weight: 400; color: var(--muted); width: 15em; padding-right: 16px; }
.command { margin: 0; padding: 12px 14px; background: var(--panel); border: 1px solid var(--line); border-radius: 4px; white-space: pre-wrap; }

@media screen and (max-width: 760px) {
  body { padding: 20px 16px 56px; }
  h1 { font-size: 22px; }
  h2 { margin-top: 44px; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); margin-top: 24px; }
  .figures dl { padding: 12px 12px 11px; }
  .figures .value { font-size: 20px; }
  .inset, .legend, .readout { padding-left: 56px; }
  .legend { padding-left: 0; }
  .readout { padding-left: 0; min-height: 3em; }
  .tick.minor { display: none; }
  .lane-endpoint { font-size: 11px; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .facts th { width: 8.5em; }
  .waterfall thead { display: none; }
  .waterfall tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; border-bottom: 1px solid var(--grid); padding: 8px 0; }
  .waterfall tbody th, .waterfall th, .waterfall td { width: auto; padding: 0; border: 0; }
  .waterfall td.bar { grid-row: 2; grid-column: 1 / -1; }
  .waterfall tfoot tr { border-bottom: 0; border-top: 1px solid var(--ink); }
  .waterfall tfoot td:empty { display: none; }
  .waterfall tfoot th, .waterfall tfoot td { border: 0; }
  .fates thead { display: none; }
  .fates tr { display: grid; grid-template-columns: repeat(4, auto); justify-content: space-between; gap: 2px 12px; padding: 10px 0; border-bottom: 1px solid var(--grid); }
  .fates th, .fates td, .fates th.job, .fates td { padding: 0; border: 0; width: auto; }
  .fates .job, .fates .why { grid-column: 1 / -1; }
  .fates td:not(.why) { text-align: left; font-size: 13px; }
  .fates td:not(.why)::before { display: block; color: var(--muted); font-size: 12px; }
  .fates td:nth-child(2)::before { content: "Due"; }
  .fates td:nth-child(3)::before { content: "Confirmed after"; }
  .fates td:nth-child(4)::before { content: "Sent"; }
  .fates td:nth-child(5)::before { content: "Delivered"; }
}

/* The plot is a picture of fixed width, drawn again at this one for paper. */
.printing .plot { width: 680px; }

@media print {
  body { padding: 0; max-width: none; font-size: 12px; }
  .plot { width: 680px; }
  h1 { font-size: 22px; }
  h2 { margin-top: 32px; }
  .spans, .readout { display: none; }
  .figures dl { padding: 10px 12px; }
  .figures .value { font-size: 18px; }
  .figures .note, .figures dt, .fates, .facts, .legend { font-size: 11px; }
  .plot, .figures, .waterfall, .told, tr { break-inside: avoid; }
  h2, h3, .lead, .group > summary { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
