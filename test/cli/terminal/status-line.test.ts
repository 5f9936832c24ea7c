import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { statusLines } from '../../../src/cli/terminal/status-line.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import type { LinkRole, StatusEvent } from '../../../src/failover/status.ts'
import type { RedactedEndpoint } from '../../../src/transport/endpoint.ts'

const A = 'stomp://a:61613' as RedactedEndpoint
const B = 'stomp://b:61613' as RedactedEndpoint

const refused = new UnderstudyError('refused', 'b refused', { retriable: true })
const connected = (role: LinkRole): StatusEvent => ({ type: 'connected', role, endpoint: A, afterMs: 1 })
const failed = (role: LinkRole): StatusEvent => ({ type: 'attempt-failed', role, endpoint: B, error: refused })
const lost = (role: LinkRole): StatusEvent => ({ type: 'interrupted', role, endpoint: A, error: refused })
const resumed = (role: LinkRole): StatusEvent => ({ type: 'resumed', role, endpoint: B, outageMs: 1083, passes: 1 })

/** What is told of events, each at its time. */
function told(...events: readonly (readonly [number, StatusEvent])[]): readonly string[] {
  const lines: string[] = []
  let at = 0
  const say = statusLines(
    (line) => lines.push(line),
    () => at,
  )
  for (const [now, event] of events) {
    at = now
    say(event)
  }
  return lines
}

describe('the lines about a connection', () => {
  it('say nothing of the second link that comes up a moment after the first', () => {
    assert.deepEqual(
      told(
        [0, failed('producer')],
        [1, failed('listener')],
        [5, connected('listener')],
        [6, failed('producer')],
        [900, failed('producer')],
        [950, connected('producer')],
      ),
      ['trying: b refused', `connected to ${A}`],
    )
  })

  it('tell of a second link that is not there a second later, and when it is', () => {
    assert.deepEqual(
      told(
        [0, connected('listener')],
        [999, failed('producer')],
        [1001, failed('producer')],
        [1500, failed('producer')],
        [2000, connected('producer')],
      ),
      [`connected to ${A}`, 'trying: b refused', `connected to ${A}`],
    )
  })

  it('tell an outage of both links once', () => {
    assert.deepEqual(
      told(
        [0, connected('producer')],
        [1, connected('listener')],
        [5000, lost('listener')],
        [5001, lost('producer')],
        [5002, failed('listener')],
        [5003, failed('producer')],
        [6083, resumed('producer')],
        [6084, failed('listener')],
        [6090, resumed('listener')],
      ),
      [
        `connected to ${A}`,
        'interrupted: b refused',
        'trying: b refused',
        `resumed on ${B} after 1.083 s and 1 pass over the list`,
      ],
    )
  })

  it('tell when one link alone is lost, and when it is back', () => {
    const back = `resumed on ${B} after 1.083 s and 1 pass over the list`
    for (const role of ['producer', 'listener'] as const)
      assert.deepEqual(
        told([0, connected('producer')], [1, connected('listener')], [5000, lost(role)], [6083, resumed(role)]),
        [`connected to ${A}`, 'interrupted: b refused', back],
      )
  })
})
