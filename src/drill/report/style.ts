import { ANSWER_STYLE } from './style-answer.ts'
import { COMPARE_STYLE } from './style-compare.ts'
import { JOBS_STYLE } from './style-jobs.ts'
import { PLOT_STYLE } from './style-plot.ts'

// Every text colour stands at least 4.5 to 1 against the paper and the panel, in both schemes; a test computes it.
const LIGHT = `
  --paper: #ffffff; --panel: #f5f6f7; --ink: #14181d; --muted: #59626d; --rule: #d6dade; --grid: #e8ebed;
  --accent: #1c58b8; --wash: #dde8f8; --good: #14693a; --bad: #b0261c; --unknown: #785700; --doubt: #8f5400;
  --good-wash: #eaf5ee; --bad-wash: #fcedeb; --unknown-wash: #f9f2de;
`

const DARK = `
  --paper: #101317; --panel: #181c22; --ink: #e8ebef; --muted: #9aa4b0; --rule: #353d47; --grid: #232931;
  --accent: #86b3f7; --wash: #1d2d46; --good: #66c98a; --bad: #ff8a80; --unknown: #dcb651; --doubt: #e5a84a;
  --good-wash: #12241a; --bad-wash: #2d1715; --unknown-wash: #272112;
`

const BASE = `
:root {
  color-scheme: light dark; ${LIGHT}
  --small: 13px; --text: 15px; --lead: 18px; --title: 22px; --figure: 30px; --answer: clamp(26px, 1.1rem + 2vw, 38px);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  --gutter: 56px;
}
@media (prefers-color-scheme: dark) { :root:not(.printing) { ${DARK} } }
@media print { :root { color-scheme: light; ${LIGHT} } }

* { box-sizing: border-box; }
html { background: var(--paper); -webkit-text-size-adjust: 100%; scroll-padding-top: 64px; }
body {
  margin: 0; color: var(--ink); overflow-wrap: anywhere;
  font: var(--text)/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums lining-nums;
}
main, .answer > *, .contents ul, .foot { max-width: 1120px; margin-inline: auto; padding-inline: 32px; }
main { padding-bottom: 72px; }
code, pre, .mono { font-family: var(--mono); font-size: 0.93em; }
h2 { font-size: var(--title); line-height: 1.3; font-weight: 650; letter-spacing: -0.012em; margin: 0 0 4px; text-wrap: balance; }
h3 { font-size: var(--text); font-weight: 650; margin: 28px 0 6px; }
p { margin: 6px 0; max-width: 72ch; text-wrap: pretty; }
ul, ol { margin: 0; padding: 0; list-style: none; }
a { color: var(--accent); text-underline-offset: 3px; }
main > section { padding-top: 64px; }
.lead, .meaning, .nothing, .note { color: var(--muted); }
.lead { margin-bottom: 18px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.glyph { flex: none; width: 1em; height: 1em; vertical-align: -0.12em; fill: currentColor; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
.skip { position: absolute; left: 16px; top: -80px; padding: 8px 14px; background: var(--paper); z-index: 3; }
.skip:focus { top: 10px; }

table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 650; }
thead th { font-size: var(--small); font-weight: 400; color: var(--muted); }
.number { text-align: right; white-space: nowrap; }
.facts th, .facts td { padding: 7px 0; vertical-align: top; border-bottom: 1px solid var(--grid); }
.facts th { font-weight: 400; color: var(--muted); width: 14em; padding-right: 16px; }
.facts .number, .facts thead .number { padding: 7px 0 7px 20px; width: auto; }
@media screen { .percentiles { max-width: 720px; } }
.percentiles thead .number { white-space: normal; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 56px; }
.command { margin: 0; padding: 14px 16px; background: var(--panel); border-radius: 6px; white-space: pre-wrap; }
summary { cursor: pointer; }
.foot { padding-block: 20px 48px; color: var(--muted); font-size: var(--small); border-top: 1px solid var(--grid); }

@media screen and (max-width: 760px) {
  :root { --gutter: 50px; --figure: 24px; --title: 19px; }
  main, .answer > *, .contents ul, .foot { padding-inline: 16px; }
  main > section { padding-top: 48px; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .facts th { width: 8.5em; }
}

@media print {
  :root { --answer: 26px; --figure: 20px; --title: 17px; --lead: 14px; --text: 12px; --small: 10.5px; }
  main, .answer > *, .foot { padding-inline: 0; }
  main > section { padding-top: 28px; }
  .contents, .skip { display: none; }
  h2, h3, .lead { break-after: avoid; }
  .figures, .told, tr, li { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`

/** The style of every page: no font and no image from elsewhere, and no style attribute, which the policy forbids. */
export const PAGE_STYLE: string = [BASE, ANSWER_STYLE, PLOT_STYLE, JOBS_STYLE, COMPARE_STYLE].join('\n')
