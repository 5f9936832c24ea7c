import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { KILLED, LOSING, writeDrill } from '../../drill/report/written-drills.ts'
import { resultOf } from '../../drill/report/written-result.ts'
import { drillOf, judgedRun, suiteOf } from '../../drill/report/suite/written-suite.ts'
import { direct, run, writtenSearch } from '../../drill/threshold/written-search.ts'
import { writeSearch } from '../../../src/drill/threshold/search-file.ts'
import { runCommand } from '../../support/command.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder('compare')
const [killed, losing] = [KILLED, LOSING].map((script, index) => {
  const path = join(folder, index === 0 ? 'killed' : 'losing')
  mkdirSync(path)
  writeFileSync(join(path, 'result.json'), JSON.stringify(resultOf(writeDrill(script))))
  return path
}) as [string, string]

const suite = join(folder, 'suite')
mkdirSync(suite)
writeFileSync(
  join(suite, 'result.json'),
  JSON.stringify(suiteOf([drillOf('a kill', [judgedRun(200), judgedRun(230)])])),
)

const searches = [
  [210, 180, 9140, 200, 190],
  [410, 380, 520, 400, 390],
].map((thresholds, number) => {
  const path = join(folder, `search-${number}`)
  mkdirSync(path)
  const held = [0, 1, 2, 3, 4].map((index) => run(1, index, number === 0 ? 9200 : 600))
  const measured = thresholds.map((ms, index) => direct(index, ms))
  writeSearch(path, writtenSearch([...measured, ...held], { seed: number }))
  return path
}) as [string, string]

describe('understudy compare', () => {
  it('takes two thresholds, by their folders or their files, and refuses one beside a drill', async () => {
    const [before, after] = searches
    const page = join(folder, 'thresholds.html')
    const { exitCode, stdout, stderr } = await runCommand([
      'compare',
      before,
      join(after, 'threshold.json'),
      '--out',
      page,
    ])
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^B claims a threshold that is 8\.60 s shorter\. /)
    assert.match(stdout, /^claim +R0\.5 <= 9\.2 s \(95 %, n=5\) +R0\.5 <= 600 ms \(95 %, n=5\) +8\.60 s shorter$/m)
    assert.match(stderr, /^the comparison as a page: .*thresholds\.html\n$/)
    assert.match(readFileSync(page, 'utf8'), /Two retry thresholds compared/)
    const { kind, rows } = JSON.parse((await runCommand(['compare', before, after, '--json'])).stdout) as {
      kind: string
      rows: { name: string }[]
    }
    assert.equal(kind, 'thresholds')
    assert.ok(rows.some(({ name }) => name === 'pause just enough'))
    const mixed = await runCommand(['compare', before, killed])
    assert.equal(mixed.exitCode, 64)
    assert.match(mixed.stderr, /^understudy: .*is a search for the retry threshold and .*killed is one drill\n$/)
  })

  it('takes one name of the page only, and names the option that was given where it cannot be written', async () => {
    const both = await runCommand(['compare', killed, losing, '--out', 'a.html', '--html', 'b.html'])
    assert.equal(both.exitCode, 64)
    assert.match(both.stderr, /--html.*--out/)
    const { exitCode, stderr } = await runCommand(['compare', killed, losing, '--out', join(folder, 'no', 'page.html')])
    assert.equal(exitCode, 64)
    assert.match(stderr, /^understudy: option --out: cannot write .*\n$/)
  })

  it('takes two suites, and refuses a suite beside one drill', async () => {
    const page = join(folder, 'suites.html')
    const { exitCode, stdout, stderr } = await runCommand(['compare', suite, suite, '--html', page])
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^1 drill in both; these runs show no difference\.$/m)
    assert.match(readFileSync(page, 'utf8'), /Two suites of failover drills compared/)
    const { kind, drills } = JSON.parse((await runCommand(['compare', suite, suite, '--json'])).stdout) as {
      kind: string
      drills: { name: string }[]
    }
    assert.deepEqual([kind, drills.map(({ name }) => name)], ['suites', ['a kill']])
    const mixed = await runCommand(['compare', suite, killed])
    assert.equal(mixed.exitCode, 64)
    assert.match(mixed.stderr, /^understudy: .*suite is a suite and .*killed is one drill; .*\n$/)
  })

  it('takes folders and files, prints a table and writes a page', async () => {
    const page = join(folder, 'compared.html')
    const { exitCode, stdout, stderr } = await runCommand([
      'compare',
      killed,
      join(losing, 'result.json'),
      '--html',
      page,
    ])
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^B fails where A passes\. B is better in /)
    assert.match(stdout, /^lost jobs +0 +3 +- worse: 3 more$/m)
    assert.match(readFileSync(page, 'utf8'), /^<!doctype html>/)
    assert.match(stderr, /^the comparison as a page: .*compared\.html\n$/)
  })

  it('prints exactly one JSON document with --json', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['compare', killed, losing, '--json'])
    assert.equal(exitCode, 0)
    assert.equal(stderr, '')
    const { schema, a, measured } = JSON.parse(stdout) as { schema: number; a: { runId: string }; measured: unknown[] }
    assert.equal(schema, 1)
    assert.equal(a.runId, 'run-1')
    assert.ok(measured.length > 5)
  })

  it('says in one line what is not a result, with exit code 64', async () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const search = join(folder, 'search')
    mkdirSync(search)
    writeFileSync(join(search, 'threshold.json'), '{}')
    const other = join(folder, 'other.json')
    writeFileSync(other, '{"name":"a package"}')
    for (const [path, said] of [
      [empty, /^understudy: .*empty holds no result\.json and no threshold\.json: neither a drill nor .*\n$/],
      [search, /^understudy: .*threshold\.json is not a threshold search of schema 1, .*\n$/],
      [other, /^understudy: .*other\.json is not the result of a drill\n$/],
      [join(folder, 'absent'), /^understudy: cannot read .*absent: .*no such file.*\n$/],
    ] as const) {
      const { exitCode, stdout, stderr } = await runCommand(['compare', killed, path])
      assert.equal(exitCode, 64)
      assert.equal(stdout, '')
      assert.match(stderr, said)
    }
    const { exitCode, stderr } = await runCommand([
      'compare',
      killed,
      losing,
      '--html',
      join(folder, 'no', 'page.html'),
    ])
    assert.equal(exitCode, 64)
    assert.match(stderr, /^understudy: option --html: cannot write .*\n$/)
  })
})
