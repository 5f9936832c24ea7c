import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'node:test'
import { createLabs } from '../../../infra/labs/labs.ts'
import { NETWORK_FAULT_NAMES } from '../../../infra/proxy/network-faults.ts'
import { readSuitePlan } from '../../../src/cli/suite/plan.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const EXAMPLE = fileURLToPath(new URL('../../../examples/drills.yaml', import.meta.url))

describe('the plan among the examples', () => {
  it('is one that the command reads, its durations and defaults as on the command line', () => {
    const labs = createLabs()
    const faultNames = (lab: string): readonly string[] => labs.faultNames(lab)
    const { drills, parallel } = readSuitePlan(EXAMPLE, { faultNames, networkFaults: NETWORK_FAULT_NAMES })
    assert.equal(parallel, 1)
    assert.deepEqual(
      drills.map(({ name, lab, repeat }) => `${name}: ${lab}, ${repeat}`),
      [
        'the active broker is killed: embedded, 3',
        'it hangs, and goes on: embedded, 1',
        'the network is slow: embedded, 1',
      ],
    )
    const [kill, pause, slow] = drills.map(({ options }) => options)
    assert.equal(kill?.every, 50)
    assert.deepEqual([kill?.rto, kill?.window, kill?.abortOutage], [5000, 2000, undefined])
    assert.deepEqual([pause?.rto, pause?.hold, pause?.abortOutage], [10_000, 3000, 30_000])
    assert.deepEqual(slow?.clientOptions, { retryThreshold: '20000' })
  })
})

describe('a plan', () => {
  it('has brokers of one’s own drilled one at a time', (context) => {
    const path = join(temporaryFolder('plan', context), 'plan.yaml')
    const targets = { faultNames: () => ['kill'], networkFaults: NETWORK_FAULT_NAMES }
    const drills = 'drills:\n  - {lab: embedded}\n  - fault: cut\n    uri: stomp://u:geheimnis@127.0.0.1:1\n'
    writeFileSync(path, drills)
    assert.equal(readSuitePlan(path, targets).drills.length, 2)
    writeFileSync(path, `parallel: 2\n${drills}`)
    assert.throws(() => readSuitePlan(path, targets), {
      code: 'invalid-option',
      message: /plan\.yaml line 5: uri: .*one at a time/,
    })
  })
})
