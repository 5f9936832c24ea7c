import { formatMs } from '../../drill/report/durations.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { badge } from '../parts/badge.ts'
import { notKnown } from '../parts/not-known.ts'
import type { EntryState, ShelfEntry } from './entry.ts'

/** What a state is called on pages and in filters. */
export const STATE_WORDS: Readonly<Record<EntryState, string>> = {
  pass: 'pass',
  fail: 'fail',
  unknown: 'unknown',
  running: 'running',
  unfinished: 'interrupted',
  broken: 'unreadable',
}

export function stateBadge(state: EntryState): Html {
  const word = STATE_WORDS[state]
  switch (state) {
    case 'pass':
      return badge('pass', word, 'good')
    case 'fail':
      return badge('fail', word, 'bad')
    case 'unknown':
      return badge('unknown', word, 'doubtful')
    case 'running':
      return badge('busy', word, 'plain')
    case 'unfinished':
      return badge('note', word, 'quiet')
    case 'broken':
      return badge('unknown', word, 'doubtful')
  }
}

/** `kill a on embedded`; a folder that does not say is called by its name. */
export function titleOf({ kind, lab, fault, name }: ShelfEntry): string {
  if (lab === '' && fault === '') return printableLine(name, 80)
  const what = printableLine([fault, lab].filter((part) => part !== '').join(' on '), 80)
  if (kind === 'suite') return `Suite: ${what}`
  return kind === 'threshold' ? `Retry threshold: ${what}` : what
}

/** A duration, or a dash for what was not observed. */
export function measured(ms: number | null): Html {
  return ms === null ? notKnown('not observed') : html`${formatMs(ms)}`
}

export function counted(count: number | null): Html {
  return count === null ? notKnown('not known') : html`${count}`
}

/** The address of a drill's page, or of a file in its folder. */
export function drillAddress(basePath: string, name: string, file?: string): string {
  const steps = [name, ...(file?.split('/') ?? [])]
  return `${basePath}/drills/${steps.map((step) => encodeURIComponent(step.toWellFormed())).join('/')}`
}

/** Two of a kind that have a result can be compared. */
export function isComparable({ state }: ShelfEntry): boolean {
  return state === 'pass' || state === 'fail' || state === 'unknown'
}
