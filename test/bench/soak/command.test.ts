import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startScript } from '../../support/command.ts'
import { labRootFor } from '../../support/lab-root.ts'

const BENCH = fileURLToPath(new URL('../../../bench/main.ts', import.meta.url))

describe('bench soak', () => {
  it('kills a broker under a living connection, and accounts for every job as one JSON document', async (context) => {
    const args = ['soak', '--lab', 'embedded', '--failovers', '2', '--client-options', 'stabilityWindow=0', '--json']
    const env = { UNDERSTUDY_LABS: labRootFor(context) }
    const { exitCode, stdout, stderr } = await startScript([BENCH, ...args], env).ended
    const result = JSON.parse(stdout)
    assert.deepEqual(
      result.failovers.map(({ node }: { node: string }) => node),
      ['a', 'b'],
      stderr,
    )
    assert(result.counts.attempted > 0)
    assert.equal(result.counts.confirmed + result.counts.failed, result.counts.attempted)
    assert.equal(result.counts.undelivered, 0)
    assert.equal(result.counts.duplicates.afterAck, 0)
    assert.equal(result.samples.length, 3)
    // Three samples tell nothing of the heap.
    assert.equal(exitCode, 2)
    assert.equal(result.outcome, 'not judged')
  })

  it('refuses what it cannot do before it starts anything', async (context) => {
    const env = { UNDERSTUDY_LABS: labRootFor(context) }
    const refusals: [string[], RegExp][] = [
      [['soak', '--failovers', '1'], /--lab/],
      [['soak', '--lab', 'embeded', '--failovers', '1'], /no lab "embeded"; there are embedded/],
      [['soak', '--lab', 'embedded', '--failovers', '0'], /whole number from 1/],
      [['soak', '--lab', 'embedded', '--failovers', '1', '--client-options', 'jiter=1'], /did you mean jitter/],
      [['outage', '--lab', 'embedded', '--minutes', '0'], /number from 0.1/],
    ]
    for (const [args, why] of refusals) {
      const { exitCode, stdout, stderr } = await startScript([BENCH, ...args], env).ended
      assert.equal(exitCode, 64, stderr)
      assert.match(stderr, why)
      assert.equal(stdout, '')
    }
  })
})
