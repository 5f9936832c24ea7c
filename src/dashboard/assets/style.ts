import { GROUND, TOKENS } from '../../page/tokens.ts'
import { DRILL_STYLE } from '../drills/style.ts'
import { FAILURES_STYLE } from '../failures/failures-style.ts'
import { FORM_STYLE } from './style-forms.ts'
import { TABLE_STYLE } from './style-tables.ts'

const FRAME = `
${TOKENS}
${GROUND}
.top, .main-nav ul, main, .foot { max-width: 1200px; margin-inline: auto; padding-inline: 32px; }
.top { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 28px; padding-block: 18px 12px; }
.product { color: var(--ink); font-weight: 680; font-size: var(--lead); letter-spacing: -0.012em; text-decoration: none; }
.product:hover { text-decoration: underline; }
.brokers { flex: 1 1 320px; display: flex; flex-wrap: wrap; gap: 2px 24px; }
.brokers time { color: var(--muted); }
.endpoint { font-weight: 650; }
.live { margin: 0; font-size: var(--small); color: var(--muted); }
.live::before { content: ''; display: inline-block; width: 7px; height: 7px; margin-right: 7px; border-radius: 50%; border: 1.5px solid currentColor; vertical-align: 1px; }
.live[data-live=on]::before { background: var(--good); border-color: var(--good); }
.live[data-live=off] { flex: 1 0 100%; order: 4; max-width: none; padding: 10px 14px; background: var(--bad-wash); border-left: 3px solid var(--bad); color: var(--ink); font-size: var(--text); font-weight: 650; }
.live[data-live=off]::before { background: none; border-color: var(--bad); }
.visitor { display: flex; align-items: baseline; gap: 12px; font-size: var(--small); }
.main-nav { border-bottom: 1px solid var(--rule); }
.main-nav ul { display: flex; flex-wrap: wrap; gap: 0 24px; }
.main-nav a { display: block; padding: 9px 0 8px; color: var(--muted); text-decoration: none; border-bottom: 3px solid transparent; margin-bottom: -1px; }
.main-nav a:hover { color: var(--ink); border-bottom-color: var(--rule); }
.main-nav a[aria-current] { color: var(--ink); font-weight: 650; border-bottom-color: var(--accent); }
main { padding-block: 32px 0; }
main::after { content: ''; display: block; margin-top: 64px; border-top: 1px solid var(--grid); }
main:focus { outline: none; }
h1 { font-size: var(--answer); line-height: 1.16; font-weight: 680; letter-spacing: -0.022em; margin: 0 0 8px; text-wrap: balance; }
main section { margin-top: 48px; }
main > section:first-child { margin-top: 0; }
h1 + .lead { margin-bottom: 20px; }
.lead { font-size: var(--lead); line-height: 1.45; color: var(--muted); }
.quiet { color: var(--muted); }
.small { font-size: var(--small); }
.nowrap { white-space: nowrap; }
.state { white-space: nowrap; }
.state.good, .good > .glyph { color: var(--good); }
.state.bad, .bad > .glyph { color: var(--bad); }
.state.doubtful, .doubtful > .glyph { color: var(--unknown); }
.state.quiet { color: var(--muted); }
.heading { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 18px; margin-bottom: 8px; }
.heading h2 { margin: 0; }

.concerns { margin: 0; max-width: none; }
.concerns li { display: flex; gap: 10px; padding: 5px 0; max-width: 90ch; }
.concerns li > .glyph { margin-top: 0.28em; }
.concerns .quiet > span { color: var(--ink); }
h1 > span > .glyph { width: 0.78em; height: 0.78em; vertical-align: -0.02em; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 24px 28px; margin: 28px 0 0; }
.figures > div { border-top: 2px solid var(--ink); padding-top: 8px; }
.figures dt { font-size: var(--small); color: var(--muted); }
.figures dd { margin: 0; }
.figures .value { font-size: var(--figure); line-height: 1.25; font-weight: 650; letter-spacing: -0.02em; }
.figures .note { font-size: var(--small); color: var(--muted); }
.figures a { color: inherit; }

.empty { padding: 20px 0; }
.empty p { margin: 2px 0; }
.notice { padding: 10px 14px; background: var(--panel); border-left: 3px solid var(--rule); max-width: none; }
.notice.good { background: var(--good-wash); border-color: var(--good); }
.notice.bad { background: var(--bad-wash); border-color: var(--bad); }
.notice.doubtful { background: var(--unknown-wash); border-color: var(--unknown); }
/* A shadow at an edge that hides more; at the end of the text its cover lies over it. */
.box { --cover: linear-gradient(var(--panel), var(--panel)); margin: 8px 0 0; padding: 14px 16px; background: var(--cover) top / 100% 22px no-repeat local, var(--cover) bottom / 100% 22px no-repeat local, linear-gradient(var(--rule), transparent) top / 100% 20px no-repeat scroll, linear-gradient(transparent, var(--rule)) bottom / 100% 20px no-repeat scroll, var(--panel); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 560px; overflow-y: auto; line-height: 1.5; }
.foot { padding-block: 18px 40px; font-size: var(--small); color: var(--muted); display: flex; flex-wrap: wrap; gap: 0 28px; justify-content: space-between; }
.keys { max-width: none; }
@media (pointer: coarse) { .keys { display: none; } }
.keys kbd { padding: 0 5px; border: 1px solid var(--rule); border-radius: 3px; font: inherit; color: var(--ink); }
.problem::after, .login::after { content: none; }
.problem, .login { max-width: 520px; margin-top: 8vh; }

@media (max-width: 760px) {
  :root { --figure: 24px; --title: 19px; --answer: 23px; }
  .top, .main-nav ul, main, .foot { padding-inline: 16px; }
  .top { padding-block: 12px 8px; gap: 4px 14px; }
  .brokers { flex-basis: 100%; order: 3; }
  .visitor { margin-left: auto; }
  .main-nav ul { gap: 0 18px; }
  .main-nav a { padding: 7px 0 6px; }
  main { padding-block: 22px 0; }
  main::after { margin-top: 48px; }
  main section:not(main > :first-child) { margin-top: 36px; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 18px 20px; }
}
@media print { .main-nav, .skip, .visitor, .action { display: none; } }
`

/** The dashboard's one style; no font and no image from elsewhere. */
export const STYLE: string = [FRAME, TABLE_STYLE, FORM_STYLE, DRILL_STYLE, FAILURES_STYLE].join('\n')
