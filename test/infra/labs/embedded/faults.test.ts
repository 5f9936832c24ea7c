import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { embeddedPredictions } from '../../../../infra/labs/embedded/faults.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { answersStomp } from '../../../../infra/labs/stomp-greeting.ts'
import { waitUntil } from '../../../../infra/labs/wait-until.ts'
import { labRootFor } from '../../../support/lab-root.ts'
import { aimed, oneServes, proofOf } from '../aimed.ts'

describe('the faults of the embedded lab', () => {
  it('replaces the lock file under its holder, which ends itself, and starts it again', async (context) => {
    const root = labRootFor(context)
    const lab = await createLabs({ root }).up('embedded')
    assert.deepEqual(
      lab.faults.map(({ name }) => name),
      createLabs({ root }).faultNames('embedded'),
    )
    const aim = await aimed(lab, 'lock-loss')
    assert.deepEqual([aim.target, aim.endpoint], ['a', lab.nodes[0]?.endpoint])
    assert.equal(await aim.proof(), undefined)
    assert.equal(await aim.heal(), undefined)
    await aim.inject()
    assert.match(await proofOf(aim), /a's lock/)
    const ended = (): true | undefined => lab.state('a') === 'gone' || undefined
    await waitUntil(ended, { what: 'the end of a', withinMs: 20_000 })
    assert.equal(await aim.heal(), 'a was started again')
    assert.equal(await aim.heal(), undefined)
    const answers = async (node: string): Promise<boolean> =>
      await answersStomp(lab.nodes.find(({ name }) => name === node)?.port ?? 0)
    assert.equal(await oneServes(lab, answers), 'b')
    await lab.down()
  })

  it('predicts a takeover within the lock poll and the promotion, and none while the holder is stopped', () => {
    const { kill, stop, pause, 'lock-loss': loss } = embeddedPredictions({ lockPollMs: 400, promotionMs: 1000 })
    assert.deepEqual([kill?.lowerMs, kill?.upperMs, stop?.upperMs], [0, 1400, 1400])
    assert.match(kill?.because ?? '', /0\.4 s \(lockPollMs\).*1 s/)
    assert.equal(pause?.upperMs, null)
    assert.equal(loss?.upperMs, 1800)
  })
})
