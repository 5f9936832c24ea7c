import { GROUND, TOKENS } from '../../../page/tokens.ts'
import { ANSWER_STYLE } from './answer-style.ts'
import { COMPARE_STYLE } from './compare-style.ts'
import { JOBS_STYLE } from './jobs-style.ts'
import { PLOT_STYLE } from './plot-style.ts'

const BASE = `
${TOKENS}
${GROUND}
:root { --gutter: 56px; }
main, .answer > *, .contents ul, .foot { max-width: 1120px; margin-inline: auto; padding-inline: 32px; }
main { padding-bottom: 72px; }
main > section { padding-top: 64px; }
.lead, .meaning, .nothing, .note { color: var(--muted); }
.lead { margin-bottom: 18px; }

.facts th, .facts td { padding: 7px 0; vertical-align: top; border-bottom: 1px solid var(--grid); }
.facts th { font-weight: 400; color: var(--muted); width: 14em; padding-right: 16px; }
.facts .number, .facts thead .number { padding: 7px 0 7px 20px; width: auto; }
@media screen { .percentiles { max-width: 720px; } }
.percentiles thead .number { white-space: normal; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 56px; }
.command { margin: 0; padding: 14px 16px; background: var(--panel); border-radius: 6px; white-space: pre-wrap; }
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
