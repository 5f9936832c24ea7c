import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { Lane } from '../../../infra/proxy/lane.ts'
import { until } from './two-ends.ts'

const KIB = 1024

/** Streams of this process in the place of sockets, so that what is read and kept can be seen exactly. */
function laneOf(highWaterMark: number): {
  source: PassThrough
  destination: PassThrough
  lane: Lane
  passed: () => number
} {
  const source = new PassThrough({ highWaterMark: KIB })
  const destination = new PassThrough({ highWaterMark })
  let passed = 0
  const initial = { stopped: false, delayMs: 3_000_000 }
  const lane = new Lane(source as unknown as Socket, destination as unknown as Socket, initial, (chunk) => {
    passed += chunk.length
  })
  return { source, destination, lane, passed: () => passed }
}

describe('a lane', () => {
  it('leaves its source unread once it holds 256 KiB', async () => {
    const { source, lane } = laneOf(KIB)
    let written = 0
    while (!source.isPaused() && written < 10_000) {
      source.write(Buffer.alloc(KIB))
      written++
      await new Promise(setImmediate)
    }
    assert(written >= 256 && written < 262, `${written} KiB were taken`)
    lane.close()
  })

  it('leaves its source unread once it holds 1,024 pieces, however small', async () => {
    const { source, lane } = laneOf(KIB)
    let written = 0
    while (!source.isPaused() && written < 10_000) {
      source.write('x')
      written++
      await new Promise(setImmediate)
    }
    assert(written >= 1024 && written < 1030, `${written} pieces were taken`)
    lane.close()
  })

  it('leaves its source unread while its destination is full, and goes on when that drains', async () => {
    const { source, destination, lane, passed } = laneOf(KIB)
    lane.setDelay(0)
    source.write(Buffer.alloc(2 * KIB))
    await until('the first piece', () => passed() === 2 * KIB)
    assert.equal(source.isPaused(), true)
    destination.resume()
    await until('the drain', () => !source.isPaused())
    source.write('more')
    await until('the rest', () => passed() === 2 * KIB + 4)
    lane.close()
  })
})
