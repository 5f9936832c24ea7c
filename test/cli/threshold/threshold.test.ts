import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import type { Search } from '../../../src/drill/threshold/search-file.ts'
import { runCommand, startCommand } from '../../support/command.ts'
import { labRootFor } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// Two outages earn p = 0.2 at 95 %: the smallest search that can earn what it is asked for.
const SMALL = ['threshold', '--lab', 'embedded', '--pass', '0.2', '--seed', '7']

function folderFor(context: TestContext): string {
  return join(temporaryFolder('threshold', context), 'out')
}

function read(folder: string): Search {
  return JSON.parse(readFileSync(join(folder, 'threshold.json'), 'utf8')) as Search
}

function history(folder: string, trial: string, file: string): HistoryEvent[] {
  const text = gunzipSync(readFileSync(join(folder, 'trials', trial, `${file}.jsonl.gz`))).toString('utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as HistoryEvent)
}

// Each has a lab of its own, and mostly waits.
describe('understudy threshold', { concurrency: 2 }, () => {
  it('measures outages, has the one-retry producer confirm the bound, and tells the claim', async (context) => {
    const out = folderFor(context)
    const { exitCode, stdout, stderr } = await runCommand([...SMALL, '--out', out, '--json'], labRootFor(context))
    assert.equal(exitCode, 0, stderr)
    assert.match(stderr, /^2 measured outages, then 2 runs of the one-retry producer at the candidate: about /m)
    const search = JSON.parse(stdout) as Search & { readonly outOfBudget: boolean }
    assert.equal(search.schema, 1)
    assert.equal(search.outOfBudget, false)
    assert.equal(search.claim?.asWanted, true)
    assert.match(search.claim.text, /^R0\.2 <= .* \(95 %, n=2\)$/)
    assert((search.claim.thresholdMs ?? 1) % 100 === 0)
    assert.equal(search.trials.filter(({ kind }) => kind === 'direct').length, 2)
    const direct = search.trials.flatMap(({ kind, thresholdMs }) => (kind === 'direct' ? (thresholdMs ?? []) : []))
    assert((search.claim.thresholdMs ?? 0) >= Math.max(...direct))
    const { outOfBudget: _, ...kept } = search
    assert.deepEqual(read(out), kept)
    assert.equal(search.command, 'understudy threshold --lab embedded --fault kill --seed 7 --pass 0.2')

    // The history of every trial is kept, and says again what was counted.
    for (const trial of search.trials) {
      const judged = judge(history(out, trial.key, 'events'))
      assert.equal(judged.fault.phaseMs, trial.phaseMs)
      assert.deepEqual(judged.outage.producerMs, trial.outageMs)
      if (trial.kind === 'direct') assert.equal(trial.thresholdMs, (judged.retryThresholdMs ?? 0) + trial.stalledMs)
      else {
        const { jobs } = judge(history(out, trial.key, 'article'))
        assert.deepEqual([jobs.attempted, jobs.lost, jobs.unexpected], [trial.article?.jobs, 0, 0])
      }
    }
  })

  it('leaves after Ctrl-C a folder that --resume goes on with: the same phases, nothing twice', async (context) => {
    const out = folderFor(context)
    const labs = labRootFor(context)
    const first = startCommand([...SMALL, '--out', out], labs)
    await first.saw('outage 1 of 2')
    first.child.kill('SIGINT')
    const { exitCode, stderr } = await first.ended
    assert.equal(exitCode, 130)
    assert.match(stderr, /healed and taken down; `understudy threshold --resume .*out` goes on\n$/)
    const before = read(out)
    assert.equal(before.trials.length, 1)

    const second = await runCommand(['threshold', '--resume', out], labs)
    assert.equal(second.exitCode, 0, second.stderr)
    const after = read(out)
    assert.deepEqual(after.trials[0], before.trials[0])
    assert.deepEqual(new Set(after.trials.map(({ key }) => key)).size, after.trials.length)
    assert.equal(after.claim?.asWanted, true)
    assert.match(second.stdout, /^R0\.2 <= /)
  })

  it('names --resume only where there is something to go on with, and not before the first lab was up', async (context) => {
    const out = folderFor(context)
    const { child, saw, ended } = startCommand([...SMALL, '--out', out], labRootFor(context))
    await saw('lab embedded: broker a')
    child.kill('SIGINT')
    const { exitCode, stderr } = await ended
    assert.equal(exitCode, 130)
    assert.match(stderr, /interrupted; the brokers were healed and taken down/)
    const isWritten = existsSync(join(out, 'threshold.json'))
    assert.equal(stderr.includes('--resume'), isWritten, stderr)
    assert.equal(existsSync(join(out, 'trials')), isWritten, 'nothing is left where nothing was begun')
  })

  it('says with --verify how many fresh runs held at a threshold', async (context) => {
    const labs = labRootFor(context)
    const args = ['threshold', '--verify', '1', '--at', '5s', '--pass', '0.05', '--out', folderFor(context)]
    const { exitCode, stdout, stderr } = await runCommand(args, labs)
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^1 of 1 fresh runs held at 5 s: a job fails in at most 95 % of such faults/)
  })

  it('earns a weaker claim when the budget ends it, and says of what it is short', async (context) => {
    const out = folderFor(context)
    const args = ['threshold', '--pass', '0.9', '--budget', '20s', '--out', out]
    const { exitCode, stdout, stderr } = await runCommand(args, labRootFor(context))
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, /will not be enough: the claim will be weaker/)
    assert.match(stdout, /it was used up before the search was done/)
    const { claim } = read(out)
    assert.equal(claim?.asWanted, false)
    assert(claim.pass < 0.9)
  })
})

/** A search that is done, as a file. */
function finished(folder: string): void {
  const trial = (index: number, untilMs: number): Search['trials'][number] => ({
    key: `direct-00${index + 1}`,
    kind: 'direct',
    stage: 0,
    index,
    seed: index,
    phaseMs: 10,
    at: '2026-01-01T00:00:00.000Z',
    node: 'a',
    takenOverBy: 'b',
    outageMs: { lower: untilMs - 20, upper: untilMs },
    down: [{ fromMs: 0, untilMs }],
    thresholdMs: untilMs,
    stalledMs: 0,
    article: null,
    tookMs: 9000,
  })
  const search: Search = {
    schema: 1,
    kind: 'threshold',
    lab: 'embedded',
    seed: 7,
    method: { pass: 0.2, confidence: 0.95, directTrials: 2, confirmRuns: 0, gridMs: 100, capMs: 60_000 },
    trial: { fault: 'kill', everyMs: 20, jobEveryMs: 50, deadlineMs: 1000, holdMs: 8000 },
    verify: null,
    target: null,
    trials: [trial(0, 200), trial(1, 9000)],
    voids: [],
    spentMs: 18_000,
    versions: {},
    command: 'understudy threshold',
    claim: null,
    measured: null,
    schedules: [],
  }
  writeFileSync(join(folder, 'threshold.json'), JSON.stringify(search))
}

describe('a finished search', () => {
  it('replays other retry policies over its outages, without any broker', async (context) => {
    const folder = temporaryFolder('finished', context)
    finished(folder)
    const schedules = ['--schedule', 'retries=1,delay=4s', '--schedule', 'retries=5,delay=500ms,factor=2,max=5s']
    const { stdout, stderr } = await runCommand(['threshold', '--resume', folder, ...schedules], labRootFor(context))
    assert.equal(stderr, '')
    assert.match(stdout, /retries=1,delay=4s \(gives up after 4 s\): a job would have failed in 1 of 2 outages/)
    assert.match(stdout, /retries=5.* \(gives up after 12\.5 s\): a job would have failed in 0 of 2 outages/)
    // Whoever looks at it again has not asked for them to be forgotten.
    const again = await runCommand(['threshold', '--resume', folder], labRootFor(context))
    assert.equal(again.stdout, stdout)
    assert.equal(read(folder).schedules.length, 2)
    assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /retries=1,delay=4s/)
  })
})

describe('what threshold is asked', () => {
  it('is refused in one line where it makes no sense, before any broker is started', async (context) => {
    const folder = temporaryFolder('finished', context)
    finished(folder)
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['--fault', 'nothing'], /option --fault: embedded has no fault "nothing"; it has kill/],
      [['--pass', '1.5'], /share from 0\.01 to 0\.9999/],
      [['--verify', '3'], /options --verify and --at belong together/],
      [['--early'], /option --early goes with --verify/],
      [['--schedule', 'retries=1'], /has no delay/],
      [['--resume', join(folder, 'nowhere')], /cannot read .*threshold\.json/],
      [['--resume', folder, '--lab', 'embedded'], /option --lab cannot be changed by --resume/],
      [['--out', folder], /holds a search already; --resume goes on with it/],
    ]
    for (const [args, expected] of wrong) {
      const { exitCode, stdout, stderr } = await runCommand(['threshold', ...args])
      assert.equal(exitCode, 64, args.join(' '))
      assert.equal(stdout, '')
      assert.match(stderr, expected)
      assert.equal(stderr.trimEnd().split('\n').length, 1)
    }
  })

  it('is refused when the file is not a search that this version reads', async (context) => {
    const folder = temporaryFolder('other', context)
    for (const text of ['{', '{"schema":2,"kind":"threshold"}', '[]']) {
      writeFileSync(join(folder, 'threshold.json'), text)
      const { exitCode, stderr } = await runCommand(['threshold', '--resume', folder])
      assert.equal(exitCode, 64)
      assert.match(stderr, /is not a threshold search of schema 1/)
    }
    assert(existsSync(join(folder, 'threshold.json')))
  })
})
