import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { ShelfEntry } from '../../../src/dashboard/drills/entry.ts'
import { DrillShelf, filterEntries } from '../../../src/dashboard/drills/shelf.ts'
import { renderThresholdPage } from '../../../src/drill/report/threshold/threshold-page.ts'
import { LOSING } from '../../drill/report/written-drills.ts'
import { drillOf, judgedRun, suiteOf } from '../../drill/report/suite/written-suite.ts'
import { direct, writtenSearch } from '../../drill/threshold/written-search.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { writeDrillFolder, writeHistoryOnly, writeSuiteFolder } from './drill-folders.ts'

async function listed(root: string): Promise<ReadonlyMap<string, ShelfEntry>> {
  const { entries } = await new DrillShelf(root).list()
  return new Map(entries.map((entry) => [entry.name, entry]))
}

describe('the shelf of drills', () => {
  it('tells of each drill what its result says, the newest first', async (context) => {
    const root = temporaryFolder('shelf', context)
    writeDrillFolder(root, 'b-older')
    const lost = writeDrillFolder(root, 'a-newer', LOSING, { laterMs: 60_000, lab: 'activemq-jdbc' })
    const { entries, leftOut } = await new DrillShelf(root).list()
    assert.equal(leftOut, 0)
    assert.deepEqual(
      entries.map(({ name, state, lab, fault, lost: gone, duplicated }) => [name, state, lab, fault, gone, duplicated]),
      [
        ['a-newer', 'fail', 'activemq-jdbc', 'kill a', 3, 0],
        ['b-older', 'pass', 'embedded', 'kill a', 0, 1],
      ],
    )
    assert.equal(entries[0]?.at, Date.parse(lost.fault.injectedAt ?? ''))
    assert.equal(entries[0]?.outageMs, lost.outage.producerMs?.upper)
    assert.equal(entries[0]?.retryThresholdMs, lost.retryThresholdMs)
    assert.match(entries[0]?.says ?? '', /3 of 300 jobs were lost/)
  })

  it('knows a suite and a search, those that go on, and those that ended in between', async (context) => {
    const root = temporaryFolder('shelf', context)
    writeSuiteFolder(root, 'whole', suiteOf([drillOf('a kill', [judgedRun(240), judgedRun(300)])]))
    writeSuiteFolder(root, 'begun', suiteOf([drillOf('a kill', [judgedRun(240)], { repeat: 3 })]))
    writeSuiteFolder(root, 'dropped', suiteOf([drillOf('a kill', [judgedRun(240)], { repeat: 3 })]))
    const longAgo = new Date(Date.now() - 3_600_000)
    utimesSync(join(root, 'dropped', 'result.json'), longAgo, longAgo)
    const search = writtenSearch([])
    for (const name of ['searching', 'searched']) {
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, 'threshold.json'), JSON.stringify(search))
    }
    writeFileSync(join(root, 'searched', 'report.html'), renderThresholdPage(search))
    const found = await listed(root)
    const states = [...found.values()].map(({ name, kind, state }) => `${name}: ${kind} ${state}`)
    assert.deepEqual(states.toSorted(), [
      'begun: suite running',
      'dropped: suite unfinished',
      'searched: threshold unknown',
      'searching: threshold running',
      'whole: suite pass',
    ])
    assert.equal(found.get('whole')?.outageMs, 300)
  })

  it('takes a search for interrupted once it is silent for longer than trials take, and claims nothing of it', async (context) => {
    const root = temporaryFolder('shelf', context)
    const trials = Array.from({ length: 12 }, (_, index) => direct(index, 240))
    const claimed = writtenSearch(trials, { spentMs: 12 * 9000 })
    assert.equal(typeof claimed.claim?.thresholdMs, 'number')
    for (const [name, silentMs] of [
      ['goes-on', 30_000],
      ['interrupted', 180_000],
    ] as const) {
      const path = join(root, name, 'threshold.json')
      mkdirSync(join(root, name))
      writeFileSync(path, JSON.stringify(claimed))
      const at = new Date(Date.now() - silentMs)
      utimesSync(path, at, at)
    }
    const found = await listed(root)
    assert.deepEqual([found.get('goes-on')?.state, found.get('goes-on')?.retryThresholdMs], ['running', null])
    const { state, retryThresholdMs, says } = found.get('interrupted') ?? {}
    assert.deepEqual([state, retryThresholdMs], ['unfinished', null])
    assert.match(says ?? '', /^It ended without a claim after \d+ trials: it was interrupted/)
  })

  it('shows a drill as running while its history grows, and as ended without a verdict later', async (context) => {
    const root = temporaryFolder('shelf', context)
    writeHistoryOnly(root, 'now', 0)
    writeHistoryOnly(root, 'before', 3_600_000)
    mkdirSync(join(root, 'coming-up'))
    writeFileSync(join(root, 'coming-up', 'events.jsonl'), '')
    const found = await listed(root)
    assert.equal(found.get('now')?.state, 'running')
    assert.equal(found.get('now')?.lab, 'embedded')
    assert.equal(found.get('before')?.state, 'unfinished')
    assert.equal(found.get('coming-up')?.state, 'running')
    assert.match(found.get('coming-up')?.says ?? '', /being put up/)
  })

  it('tells what is wrong with a broken folder, and shows the others all the same', async (context) => {
    const root = temporaryFolder('shelf', context)
    writeDrillFolder(root, 'whole')
    for (const [name, text] of [
      ['cut', '{"schema": 1, "verd'],
      ['other', '{"schema": 2, "verdict": "pass", "runId": "r"}'],
      ['half', '{"schema": 1, "verdict": "pass", "runId": "r", "reasons": "none"}'],
    ] as const) {
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, 'result.json'), text)
    }
    mkdirSync(join(root, 'no-drill'))
    writeFileSync(join(root, 'a-file'), 'no folder')
    const found = await listed(root)
    assert.deepEqual([...found.keys()].toSorted(), ['cut', 'half', 'other', 'whole'])
    assert.equal(found.get('cut')?.says, 'Its result.json is not JSON.')
    assert.match(found.get('other')?.says ?? '', /schema 1/)
    assert.match(found.get('half')?.says ?? '', /no proper field reasons/)
    assert.equal(found.get('whole')?.state, 'pass')
  })

  it('follows no link, neither to a folder nor to a file in one', async (context) => {
    const outside = temporaryFolder('outside', context)
    writeDrillFolder(outside, 'theirs')
    const root = temporaryFolder('shelf', context)
    symlinkSync(join(outside, 'theirs'), join(root, 'linked'))
    mkdirSync(join(root, 'half-linked'))
    symlinkSync(join(outside, 'theirs', 'result.json'), join(root, 'half-linked', 'result.json'))
    const shelf = new DrillShelf(root)
    assert.deepEqual((await shelf.list()).entries, [])
    for (const steps of [
      ['linked', 'result.json'],
      ['half-linked', 'result.json'],
      ['..', 'result.json'],
      ['half-linked', '..', '..', 'theirs', 'result.json'],
      ['half-linked/../../theirs', 'result.json'],
      [],
    ])
      assert.equal(await shelf.open(steps), undefined, steps.join('/'))
    assert.equal(await shelf.entry('linked'), undefined)
    assert.equal(await shelf.entry('..'), undefined)
    assert.equal(await shelf.result('half-linked'), undefined)
  })

  it('reads a result again once it has changed, and looks at a folder that came later', async (context) => {
    const root = temporaryFolder('shelf', context)
    const clock = new FakeClock()
    const shelf = new DrillShelf(root, { clock })
    writeDrillFolder(root, 'one')
    assert.deepEqual(
      (await shelf.list()).entries.map(({ state }) => state),
      ['pass'],
    )
    writeDrillFolder(root, 'one', LOSING)
    writeDrillFolder(root, 'two', LOSING, { laterMs: 5 })
    await clock.advance(3000)
    assert.deepEqual(
      (await shelf.list()).entries.map(({ name, state }) => [name, state]),
      [
        ['two', 'fail'],
        ['one', 'fail'],
      ],
    )
  })

  it('says how many folders it left out, those of the first names', async (context) => {
    const root = temporaryFolder('shelf', context)
    for (const name of ['20260101-a', '20260102-a', '20260103-a']) writeDrillFolder(root, name)
    const { entries, leftOut } = await new DrillShelf(root, { mostFolders: 2 }).list()
    assert.equal(leftOut, 1)
    assert.deepEqual(entries.map(({ name }) => name).toSorted(), ['20260102-a', '20260103-a'])
  })

  it('is empty where the folder is not there yet, and says so where it cannot be read', async (context) => {
    const root = temporaryFolder('shelf', context)
    assert.deepEqual((await new DrillShelf(join(root, 'drills')).list()).entries, [])
    writeFileSync(join(root, 'file'), '')
    await assert.rejects(new DrillShelf(join(root, 'file')).list(), { code: 'storage', message: /cannot be read/ })
  })

  it('filters by lab and by state', async (context) => {
    const root = temporaryFolder('shelf', context)
    writeDrillFolder(root, 'one')
    writeDrillFolder(root, 'two', LOSING, { lab: 'rabbitmq-quorum' })
    const { entries } = await new DrillShelf(root).list()
    const names = (query: Parameters<typeof filterEntries>[1]): readonly string[] =>
      filterEntries(entries, query).map(({ name }) => name)
    assert.deepEqual(names({ lab: 'rabbitmq-quorum' }), ['two'])
    assert.deepEqual(names({ state: 'pass' }), ['one'])
    assert.deepEqual(names({ lab: 'rabbitmq-quorum', state: 'pass' }), [])
  })
})
