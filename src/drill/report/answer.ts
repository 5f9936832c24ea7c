import { summaryLine } from '../checker/objectives.ts'
import type { DrillResult, Sign, Verdict } from '../result.ts'
import { unbroken } from './durations.ts'
import { figures, tally } from './figures.ts'
import { type Glyph, glyph } from '../../page/glyphs.ts'
import { findingsBesideHeadline, headline } from './headline.ts'
import { type Html, html, trusted } from '../../page/html.ts'

const GLYPH_OF_WORD: Readonly<Record<string, Glyph>> = { PASS: 'pass', FAIL: 'fail', UNKNOWN: 'unknown' }

/** The top of a report: the verdict and the objectives, what happened in one sentence, the figures that matter. */
export function answer(result: DrillResult): Html {
  const { fault, target } = result
  const when = fault.injectedAt === null ? '' : ` · ${instant(fault.injectedAt)}`
  return html`<header class="answer ${result.verdict}">
    <p class="kicker">Failover drill · ${target.lab} · ${[fault.name, fault.node].filter(Boolean).join(' ')}${when}</p>
    <h1><span class="verdict">${glyph(result.verdict)} ${VERDICT_WORDS[result.verdict]}</span>${firstLine(result)}</h1>
    <p class="sentence">${unbroken(headline(result))}</p>
    ${figures(result)}
    ${tally(result)}
  </header>`
}

/** What cannot wait: why it is no pass, and what is worth knowing whatever the verdict is. */
export function notes(result: DrillResult): Html {
  return html`${told('Why this is not a pass', result.reasons, result.verdict === 'unknown' ? 'unknown' : 'fail')}
    ${told('Worth knowing', findingsBesideHeadline(result), 'note')}
    ${signs(result.signs ?? [])}`
}

const GRAVE_SIGNS: ReadonlySet<Sign> = new Set<Sign>(['dual-master', 'acked-but-unroutable', 'stuck-consumer'])

function signs(found: readonly Sign[]): Html | null {
  if (found.length === 0) return null
  return html`<section class="told"><h2>Signs</h2><ul class="signs">${found.map((sign) => {
    const grave = GRAVE_SIGNS.has(sign)
    return html`<li${grave && trusted(' class="bad"')}>${grave && glyph('fail')} ${sign}</li>`
  })}</ul></section>`
}

/** The way to each part of a page: pairs of an element's id and what the part is called. */
export function contents(parts: readonly (readonly [id: string, name: string])[]): Html {
  return html`<nav class="contents" aria-label="Parts of this page"><ul>${parts.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>`
}

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = { pass: 'PASS', fail: 'FAIL', unknown: 'UNKNOWN' }

/** The terminal's own line, so that the two cannot disagree, with each verdict in its colour. */
export function firstLine(result: DrillResult): Html {
  const parts = summaryLine(result).split(' · ')
  return html`${parts.map((part, index) => {
    const [, before = part, word = '', after = ''] = /^(.*: )(PASS|FAIL|UNKNOWN)(.*)$/.exec(part) ?? []
    const mark = GLYPH_OF_WORD[word]
    const verdict = mark && html`<b class="${word}">${word}</b>`
    const dot = index < parts.length - 1 && html`<span class="dot"> ·</span>`
    return html`<span class="part">${unbroken(before)}${verdict}${unbroken(after)}${dot}</span> `
  })}`
}

function told(title: string, lines: readonly string[], mark: Glyph): Html | null {
  if (lines.length === 0) return null
  const tone = mark === 'fail' ? 'bad' : mark === 'unknown' ? 'doubtful' : 'quiet'
  return html`<section class="told"><h2>${title}</h2><ul>${lines.map((line) => html`<li><span class="${tone}">${glyph(mark)}</span>${unbroken(line)}</li>`)}</ul></section>`
}

/** `2026-11-21 05:40:18 UTC`, of an ISO instant. */
export function instant(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`
}
