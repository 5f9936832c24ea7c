import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem } from '../../folder.ts'
import type { HistoryEvent } from '../history.ts'
import { claimOf } from './claim.ts'
import { measuredOf } from './measured.ts'
import { standing, type Step, stepKey } from './method.ts'
import { type Search, type SearchTarget, writeSearch } from './search-file.ts'
import { decideSequentially } from './sequential-test.ts'
import { runTrial, type TrialBench, type TrialPlan } from './trial.ts'
import { outcomesOf, type TrialRecord } from './trial-record.ts'
import { trialSeed } from './trial-seed.ts'

/** Told of a search as it goes on. */
export type SearchEvent =
  | { readonly type: 'target'; readonly target: SearchTarget }
  | { readonly type: 'began'; readonly key: string }
  | { readonly type: 'ended'; readonly record: TrialRecord; readonly search: Search }
  | { readonly type: 'void'; readonly key: string; readonly why: string }

/** How often a trial that says nothing is made again before the search gives up. */
const MOST_VOIDS = 3

/** A search that can be asked what to do next, and told what became of it; written down after every trial. */
export class RunningSearch {
  #search: Search
  readonly #folder: string
  readonly #onEvent: (event: SearchEvent) => void

  constructor(search: Search, folder: string, onEvent: (event: SearchEvent) => void) {
    this.#search = search
    this.#folder = folder
    this.#onEvent = onEvent
  }

  get search(): Search {
    return this.#search
  }

  /** What can be done now; empty when all is done. */
  open(): readonly Step[] {
    return openSteps(this.#search)
  }

  /** Notes what changed, and writes it down. */
  update(change: Partial<Search>): void {
    const search = { ...this.#search, ...change }
    const claim = search.verify ? null : claimOf(search.method, outcomesOf(search.trials))
    this.#search = { ...search, claim, measured: measuredOf(search.trials, search.method.pass) }
    writeSearch(this.#folder, this.#search)
  }

  /** Notes what the brokers are, the first time. */
  knows(target: SearchTarget): void {
    if (this.#search.target === null) {
      this.update({ target })
      this.#onEvent({ type: 'target', target })
    }
  }

  /**
   * Makes one step on these brokers, as often as it takes until it says something.
   *
   * @throws UnderstudyError `deadline` when it never does; `aborted` when `signal` fires; whatever the brokers' control throws.
   */
  async run(step: Step, bench: TrialBench, signal: AbortSignal): Promise<void> {
    const key = nameOf(step, this.#search)
    const atMs = step.kind === 'confirm' ? step.atMs : undefined
    const kind = this.#search.verify ? 'verify' : step.kind
    const stage = step.kind === 'confirm' ? step.stage : 0
    this.#onEvent({ type: 'began', key })
    for (let again = this.#voidsOf(key); ; again++) {
      const plan: TrialPlan = {
        key,
        kind,
        stage,
        index: step.index,
        seed: trialSeed(this.#search.seed, key, again),
        atMs,
      }
      const began = bench.clock.now()
      const end = await runTrial(plan, this.#search.trial, bench, signal)
      const { record, void: why, events, articleEvents, failure } = end
      const tookMs = Math.round(bench.clock.now() - began)
      await this.#keep(again === 0 ? key : `${key}-again-${again}`, { events, article: articleEvents })
      // Only now: another lab's trial may have ended while this one was written.
      const spentMs = this.#search.spentMs + tookMs
      if (record) {
        this.update({ trials: [...this.#search.trials, record], spentMs })
        this.#onEvent({ type: 'ended', record, search: this.#search })
        if (failure !== undefined) throw failure
        return
      }
      this.update({ voids: [...this.#search.voids, { key, again, why: why ?? '' }], spentMs })
      this.#onEvent({ type: 'void', key, why: why ?? '' })
      if (failure !== undefined) throw failure
      if (this.#voidsOf(key) % MOST_VOIDS === 0) {
        throw new UnderstudyError('deadline', `${key} said nothing ${MOST_VOIDS} times: ${why}`)
      }
    }
  }

  #voidsOf(key: string): number {
    return this.#search.voids.filter((one) => one.key === key).length
  }

  async #keep(name: string, histories: Readonly<Record<string, readonly HistoryEvent[]>>): Promise<void> {
    const folder = join(this.#folder, 'trials', name)
    try {
      await mkdir(folder, { recursive: true })
      for (const [file, events] of Object.entries(histories)) {
        if (events.length === 0) continue
        const text = events.map((event) => `${JSON.stringify(event)}\n`).join('')
        await writeFile(join(folder, `${file}.jsonl.gz`), await promisify(gzip)(text))
      }
    } catch (cause) {
      throw new UnderstudyError('storage', `cannot write ${folder}: ${fileProblem(cause)}`, { cause })
    }
  }
}

/** What a search, or a verification, has left to do. */
export function openSteps({ method, verify, trials }: Search): readonly Step[] {
  if (!verify) return standing(method, outcomesOf(trials)).open
  const runs = trials.filter(({ kind }) => kind === 'verify')
  if (verify.early) {
    if (decidedEarly(runs) !== 'undecided') return []
  }
  const known = new Set(runs.map(({ index }) => index))
  return Array.from({ length: verify.runs }, (_, index) => index)
    .filter((index) => !known.has(index))
    .map((index) => ({ kind: 'confirm', stage: 1, index, atMs: verify.atMs }) as const)
}

/** What the runs say by the sequential test, taken by their numbers and up to the first that is missing. */
export function decidedEarly(runs: readonly TrialRecord[]): ReturnType<typeof decideSequentially> {
  const ascending = runs.toSorted((one, other) => one.index - other.index)
  let failures = 0
  let passes = 0
  for (const [place, run] of ascending.entries()) {
    if (run.index !== place) break
    if (run.article?.held === false) failures++
    else passes++
    const told = decideSequentially(failures, passes)
    if (told !== 'undecided') return told
  }
  return 'undecided'
}

function nameOf(step: Step, { verify }: Search): string {
  const key = stepKey(step)
  return verify ? key.replace(/^confirm-\d+/, 'verify') : key
}
