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

/** Colours in both schemes, and the one type scale of every page. */
export const TOKENS: string = `
:root {
  color-scheme: light dark; ${LIGHT}
  --small: 13px; --text: 15px; --lead: 18px; --title: 22px; --figure: 30px; --answer: clamp(26px, 1.1rem + 2vw, 38px);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) { :root:not(.printing) { ${DARK} } }
@media print { :root { color-scheme: light; ${LIGHT} } }
`

/** What every page's elements begin with: no font and no image from elsewhere. */
export const GROUND: string = `
* { box-sizing: border-box; }
html { background: var(--paper); -webkit-text-size-adjust: 100%; scroll-padding-top: 64px; }
body {
  margin: 0; color: var(--ink); overflow-wrap: anywhere;
  font: var(--text)/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums lining-nums;
}
code, pre, .mono { font-family: var(--mono); font-size: 0.93em; }
h2 { font-size: var(--title); line-height: 1.3; font-weight: 650; letter-spacing: -0.012em; margin: 0 0 4px; text-wrap: balance; }
h3 { font-size: var(--text); font-weight: 650; margin: 28px 0 6px; }
p { margin: 6px 0; max-width: 72ch; text-wrap: pretty; }
ul, ol { margin: 0; padding: 0; list-style: none; }
a { color: var(--accent); text-underline-offset: 3px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.glyph { flex: none; width: 1em; height: 1em; vertical-align: -0.12em; fill: currentColor; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
.skip { position: absolute; left: 16px; top: -80px; padding: 8px 14px; background: var(--paper); z-index: 3; }
.skip:focus { top: 10px; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 650; }
thead th { font-size: var(--small); font-weight: 400; color: var(--muted); }
.number { text-align: right; white-space: nowrap; }
summary { cursor: pointer; }
`
