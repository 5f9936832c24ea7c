/** The fate of every job: the map, the search, the list, the story of one; and the brokers' own lines. */
export const JOBS_STYLE: string = `
.mark { flex: none; width: 13px; height: 13px; }
.tone-grave { color: var(--bad); }
.tone-doubt { color: var(--doubt); }
.tone-mild { color: var(--muted); }
.tone-plain { color: var(--accent); }
.mark .solid { fill: currentColor; }
.mark .open { fill: none; stroke: currentColor; stroke-width: 1.75; }

.map { display: block; width: 100%; margin-top: 18px; cursor: pointer; border-radius: 3px; }
.script-only { display: none; }
.scripted .script-only { display: block; }
.scripted .without-script { display: none; }

.finder { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 14px 16px; margin-top: 26px; align-items: end; }
.finder label.field { font-size: var(--small); color: var(--muted); display: block; }
.finder input[type=search], .finder select {
  display: block; width: 100%; margin-top: 4px; padding: 9px 12px; font: inherit; color: var(--ink);
  background: var(--paper); border: 1px solid var(--muted); border-radius: 6px;
}
.finder kbd { font: inherit; padding: 0 5px; border: 1px solid var(--rule); border-radius: 4px; }
.fates { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 8px; border: 0; margin: 0; padding: 0; min-width: 0; }
.fates label { display: inline-flex; gap: 7px; align-items: center; cursor: pointer; padding: 4px 12px; border: 1px solid var(--rule); border-radius: 999px; font-size: var(--small); }
.fates label:has(:checked) { border-color: var(--accent); background: var(--wash); font-weight: 650; }
.fates label:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.fates input { appearance: none; margin: 0; position: absolute; }
.fates .count { color: var(--muted); font-weight: 400; }
.status { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: center; justify-content: space-between; margin-top: 16px; font-size: var(--small); color: var(--muted); min-height: 34px; }
.status button { font: inherit; color: var(--ink); background: none; border: 1px solid var(--rule); border-radius: 6px; padding: 5px 12px; cursor: pointer; }
.status button:disabled { opacity: 0.45; cursor: default; }

.jobs { border-top: 1px solid var(--rule); }
.job { border-bottom: 1px solid var(--grid); }
.job > summary, .job-head { display: grid; grid-template-columns: 176px minmax(0, 1fr) 100px 124px 60px 84px; gap: 0 16px; align-items: baseline; padding: 9px 0; list-style: none; }
.job > summary::-webkit-details-marker { display: none; }
.job > summary:hover { background: var(--panel); }
.job-head { font-size: var(--small); color: var(--muted); padding-block: 6px; }
.job .fate { display: inline-flex; gap: 8px; align-items: baseline; font-weight: 600; }
.job .fate .mark { align-self: center; }
.job .id { font-family: var(--mono); font-size: 0.93em; }
.job .id::after { content: " \\203a"; color: var(--muted); }
.job[open] .id::after { content: " \\2304"; }
.job[open] { background: var(--panel); margin-inline: -12px; padding-inline: 12px; }
#map-readout { padding-left: 0; }
.story { padding: 8px 16px 16px 192px; }
.story .why { margin-top: 0; }
.story ol { margin-top: 10px; border-left: 2px solid var(--rule); padding-left: 16px; }
.story li { display: grid; grid-template-columns: 7em 6em 1fr; gap: 0 12px; padding: 1px 0; }
.story time, .story .step { color: var(--muted); text-align: right; }
.story .what.bad { font-weight: 600; }
.lines { margin: 8px 0 0; padding: 12px 14px; background: var(--panel); border-radius: 6px; font-size: 12.5px; line-height: 1.5; max-height: 440px; overflow-y: auto; }
.lines li { display: grid; grid-template-columns: 6.5em 1fr; gap: 0 14px; }
.lines time { color: var(--muted); text-align: right; }
.lines .after-fault { border-top: 1.5px solid var(--bad); margin-top: 3px; padding-top: 3px; }
.lines .loud { font-weight: 650; }
.log + .log { margin-top: 14px; }
.log > summary { font-weight: 650; padding: 4px 0; }
.log > summary .meaning { font-weight: 400; }

@media screen and (max-width: 760px) {
  .finder { grid-template-columns: minmax(0, 1fr); }
  .job-head { display: none; }
  .job > summary { grid-template-columns: repeat(4, auto); justify-content: space-between; gap: 2px 12px; padding: 11px 0; }
  .job .fate, .job .id { grid-column: 1 / -1; }
  .job > summary > span[data-name] { font-size: var(--small); text-align: left; }
  .job > summary > span[data-name]::before { content: attr(data-name); display: block; color: var(--muted); font-size: 12px; }
  .job[open] { margin-inline: -8px; padding-inline: 8px; }
  .story { padding: 8px 0 14px; }
  .story li { grid-template-columns: 6em 1fr; }
  .story .step { display: none; }
  .lines { padding: 10px; }
  .lines li { grid-template-columns: minmax(0, 1fr); }
  .lines time { text-align: left; }
}
@media print {
  .finder, .status button, .map { display: none; }
  .lines { font-size: 9px; max-height: none; }
}
`
