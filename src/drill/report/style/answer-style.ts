/** The top of a page: the verdict, the sentence, the figures, what is worth knowing, and the way to each part. */
export const ANSWER_STYLE: string = `
.answer { padding: 0 0 34px; border-top: 6px solid var(--tone); background: var(--tone-wash); }
.answer.pass { --tone: var(--good); --tone-wash: var(--good-wash); }
.answer.fail { --tone: var(--bad); --tone-wash: var(--bad-wash); }
.answer.unknown { --tone: var(--unknown); --tone-wash: var(--unknown-wash); }
.answer.plain { --tone: var(--accent); --tone-wash: var(--panel); }
.answer.fail { border-top-style: double; }
.answer.unknown { border-top-style: dashed; }
.kicker { padding-top: 28px; font-size: var(--small); color: var(--muted); }
.answer h1 { margin: 14px auto 0; font-size: var(--answer); line-height: 1.16; font-weight: 680; letter-spacing: -0.022em; text-wrap: balance; }
.answer h1 .verdict { display: block; font-size: var(--lead); letter-spacing: 0.02em; color: var(--tone); margin-bottom: 8px; }
.answer h1 .part { display: inline-block; max-width: 100%; }
.answer h1 .dot { color: var(--muted); font-weight: 400; padding-inline: 0.12em; }
.good, b.PASS, .better { color: var(--good); }
.bad, b.FAIL, .worse { color: var(--bad); }
.doubtful, b.UNKNOWN { color: var(--unknown); }
.answer p { margin-inline: auto; }
.answer .sentence { margin-top: 14px; font-size: var(--lead); line-height: 1.45; max-width: 1120px; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(168px, 1fr)); gap: 26px 28px; margin-block: 34px 0; }
.figures > div { border-top: 2px solid var(--ink); padding-top: 9px; }
.figures dt { font-size: var(--small); color: var(--muted); }
.figures dd { margin: 0; }
.figures .value { font-size: var(--figure); line-height: 1.25; font-weight: 650; letter-spacing: -0.02em; }
.figures .value .unit { font-size: 0.6em; font-weight: 500; letter-spacing: 0; }
.figures .note { font-size: var(--small); line-height: 1.45; margin-top: 2px; }

.contents { position: sticky; top: 0; z-index: 2; background: var(--paper); border-bottom: 1px solid var(--grid); }
.contents ul { display: flex; flex-wrap: wrap; gap: 0 22px; }
.contents a { display: inline-block; padding: 11px 0; font-size: var(--small); color: var(--muted); text-decoration: none; }
.contents a:hover { color: var(--ink); text-decoration: underline; }

main > .told { padding-top: 0; }
.told { margin-top: 44px; display: grid; grid-template-columns: 11em 1fr; gap: 0 24px; }
.told + .told { margin-top: 20px; }
.told h2 { font-size: var(--text); letter-spacing: 0; line-height: 1.55; }
.told li { max-width: 76ch; padding-left: 1.5em; position: relative; }
.told li + li { margin-top: 6px; }
.told li > span { position: absolute; left: 0; top: 0; }
.told .signs { display: flex; flex-wrap: wrap; gap: 8px; }
.told .signs li { margin: 0; padding: 2px 12px; border: 1px solid var(--rule); border-radius: 999px; font-size: var(--small); }
.tally { display: flex; flex-wrap: wrap; gap: 4px 26px; margin-top: 24px; font-size: var(--small); color: var(--muted); }
.tally b { color: var(--ink); font-weight: 650; }

@media screen and (max-width: 760px) {
  .kicker { padding-top: 18px; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px 20px; }
  .contents { position: static; }
  .contents a { padding: 9px 0; }
  .contents ul { gap: 0 18px; padding-block: 4px; }
  .told { grid-template-columns: minmax(0, 1fr); gap: 4px; }
}
@media print { .answer { background: none; padding-bottom: 12px; } .figures { grid-template-columns: repeat(5, 1fr); } }
`
