import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { KILLED, LOSING, writeDrill } from '../../drill/report/written-drills.ts'
import { resultOf } from '../../drill/report/written-result.ts'
import { drillOf, judgedRun, suiteOf } from '../../drill/report/suite/written-suite.ts'
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

describe('understudy compare', () => {
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
      [empty, /^understudy: .*empty holds no result\.json: no drill ended there\n$/],
      [search, /^understudy: .*search holds a search for the retry threshold; drills and suites can be compared\n$/],
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
