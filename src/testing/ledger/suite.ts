import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../errors.ts'
import type { Ledger } from '../../jobs/ledger/ledger.ts'

/** Where ledgers remember one and the same set of runs, none at first. */
export interface LedgerPlace {
  /** A ledger on it that is not open yet, as another process would have one. */
  ledger(): Ledger
  /** Every ledger on it is closed by now. */
  close(): Promise<void>
}

/** One test of the suite, on a place of its own. `open` gives open ledgers, which are closed behind it. */
export interface LedgerTest {
  /** A sentence about behaviour. */
  readonly title: string
  /** Resolves when the ledger behaves so, and rejects when it does not. */
  readonly run: (open: () => Promise<Ledger>) => Promise<void>
}

/** Everything that a ledger promises, whatever it remembers with. */
export const ledgerTests: readonly LedgerTest[] = [
  {
    title: 'a run is begun as often as it is, until it is finished',
    run: async (open) => {
      const ledger = await open()
      assert.deepEqual(await ledger.begin('a/0/1', 'w1'), { finished: false, starts: 1 })
      assert.deepEqual(await ledger.begin('a/0/1', 'w2'), { finished: false, starts: 2 })
      assert.deepEqual(await ledger.begin('a/0/2', 'w2'), { finished: false, starts: 1 })
      await ledger.finish('a/0/1')
      await ledger.finish('a/0/1')
      assert.equal((await ledger.begin('a/0/1', 'w1')).finished, true)
      assert.equal((await ledger.begin('a/0/2', 'w1')).finished, false)
    },
  },
  {
    title: 'a start that was interrupted does not count, and a finished run stays finished',
    run: async (open) => {
      const ledger = await open()
      await ledger.begin('a', 'w')
      await ledger.begin('a', 'w')
      await ledger.interrupted('a')
      assert.deepEqual(await ledger.begin('a', 'w'), { finished: false, starts: 2 })
      for (let times = 0; times < 5; times++) await ledger.interrupted('a')
      assert.deepEqual(await ledger.begin('a', 'w'), { finished: false, starts: 1 })
      await ledger.finish('a')
      await ledger.interrupted('a')
      assert.equal((await ledger.begin('a', 'w')).finished, true)
      await ledger.interrupted('never begun')
      assert.deepEqual(await ledger.begin('never begun', 'w'), { finished: false, starts: 1 })
    },
  },
  {
    title: 'a run that was never begun may be finished',
    run: async (open) => {
      const ledger = await open()
      await ledger.finish('a')
      assert.equal((await ledger.begin('a', 'w')).finished, true)
    },
  },
  {
    title: 'what one ledger knows another knows, also one that is opened later',
    run: async (open) => {
      const [first, second] = [await open(), await open()]
      await first.begin('a', 'w1')
      assert.deepEqual(await second.begin('a', 'w2'), { finished: false, starts: 2 })
      await second.finish('a')
      assert.equal((await first.begin('a', 'w1')).finished, true)
      await first.close()
      await second.close()
      assert.equal((await (await open()).begin('a', 'w3')).finished, true)
    },
  },
  {
    title: 'runs that begin and finish at once are told apart, and of starts of one run each counts',
    run: async (open) => {
      const [first, second] = [await open(), await open()]
      const runs = Array.from({ length: 300 }, (_, at) => `run ${at} "'\0 ü 👩‍🚀`)
      const entries = await Promise.all(runs.map((run, at) => (at % 2 ? first : second).begin(run, 'w')))
      assert.ok(entries.every(({ finished, starts }) => !finished && starts === 1))
      await Promise.all(runs.filter((_, at) => at % 3 === 0).map((run) => first.finish(run)))
      const again = await Promise.all(runs.map((run) => second.begin(run, 'w')))
      assert.deepEqual(
        again.map(({ finished }) => finished),
        runs.map((_, at) => at % 3 === 0),
      )
      const starts = await Promise.all(
        Array.from({ length: 40 }, (_, at) => (at % 2 ? first : second).begin('one', 'w')),
      )
      const counted = starts.map((entry) => entry.starts).sort((one, other) => one - other)
      assert.deepEqual(
        counted,
        Array.from({ length: 40 }, (_, at) => at + 1),
      )
    },
  },
  {
    title: 'a closed ledger has done what was asked before, refuses more, and may be closed again',
    run: async (open) => {
      const ledger = await open()
      const finishing = ledger.finish('a')
      await Promise.all([ledger.close(), ledger.close()])
      await finishing
      await assert.rejects(
        async () => ledger.begin('a', 'w'),
        (error) => error instanceof UnderstudyError && (error.code === 'closed' || error.code === 'storage'),
      )
      assert.equal((await (await open()).begin('a', 'w')).finished, true)
    },
  },
]

/** What the contract suite of ledgers runs against. */
export interface LedgerSuiteOptions {
  /** What the suite runs against, such as `SQLite`. */
  readonly name: string
  /** Makes an empty place, once for each test. */
  readonly place: () => Promise<LedgerPlace>
  /** Why nothing can run here, or false. Defaults to false. */
  readonly skip?: string | false
}

const HANG_MS = 60_000

/** Registers the contract suite of ledgers with node:test. */
export function ledgerSuite({ name, place, skip = false }: LedgerSuiteOptions): void {
  describe(`the contract of ledgers on ${name}`, { skip }, () => {
    for (const { title, run } of ledgerTests) {
      it(title, { timeout: HANG_MS }, async () => await playOn(await place(), run))
    }
  })
}

async function playOn(place: LedgerPlace, run: LedgerTest['run']): Promise<void> {
  const ledgers: Ledger[] = []
  try {
    await run(async () => {
      const ledger = place.ledger()
      ledgers.push(ledger)
      await ledger.open()
      return ledger
    })
  } finally {
    await Promise.all(ledgers.map((ledger) => ledger.close()))
    await place.close()
  }
}
