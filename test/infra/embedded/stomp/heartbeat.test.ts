import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Heartbeat } from '../../../../infra/embedded/stomp/heartbeat.ts'
import { HandClock } from '../../../adapters/memory/hand-clock.ts'

function setUp(sendEveryMs: number, expectEveryMs: number) {
  const clock = new HandClock()
  const seen = { beats: [] as number[], lost: [] as number[] }
  const start = clock.now()
  const heartbeat = new Heartbeat(
    clock,
    { version: '1.2', sendEveryMs, expectEveryMs },
    {
      beat() {
        seen.beats.push(clock.now() - start)
        heartbeat.wrote()
      },
      lost(silentMs) {
        seen.lost.push(silentMs)
        heartbeat.stop()
      },
    },
  )
  return { clock, heartbeat, seen }
}

test('the broker beats so often that no gap exceeds what was agreed', () => {
  const { clock, heartbeat, seen } = setUp(1_000, 0)
  clock.advance(10_000)
  const gaps = seen.beats.map((beat, index) => beat - (seen.beats[index - 1] ?? 0))
  assert.ok(gaps.length >= 10 && gaps.every((gap) => gap <= 1_000), String(seen.beats))
  heartbeat.stop()
  assert.equal(clock.pending, 0)
})

test('other traffic takes the place of a beat', () => {
  const { clock, heartbeat, seen } = setUp(1_000, 0)
  for (let turn = 0; turn < 50; turn += 1) {
    clock.advance(200)
    heartbeat.wrote()
  }
  assert.deepEqual(seen.beats, [])
  heartbeat.stop()
})

test('a client that is silent for more than twice what it promised is lost, and not before', () => {
  const { clock, seen } = setUp(0, 1_000)
  clock.advance(2_000)
  assert.deepEqual(seen.lost, [])
  clock.advance(1_000)
  assert.deepEqual(seen.lost, [3_000])
  assert.equal(clock.pending, 0)
})

test('a client that is heard in time is not lost', () => {
  const { clock, heartbeat, seen } = setUp(0, 1_000)
  for (let turn = 0; turn < 20; turn += 1) {
    clock.advance(1_900)
    heartbeat.read()
  }
  assert.deepEqual(seen.lost, [])
  heartbeat.stop()
})

test('while the broker does not read, silence is not held against the client', () => {
  const { clock, heartbeat, seen } = setUp(0, 1_000)
  heartbeat.setReading(false)
  clock.advance(10_000)
  heartbeat.setReading(true)
  clock.advance(2_000)
  assert.deepEqual(seen.lost, [])
  clock.advance(2_000)
  assert.equal(seen.lost.length, 1)
})

test('a broker that was stopped for long gives its clients a new period', () => {
  const { clock, heartbeat, seen } = setUp(0, 1_000)
  clock.skip(60_000)
  assert.deepEqual(seen.lost, [])
  heartbeat.read()
  clock.advance(2_000)
  assert.deepEqual(seen.lost, [])
  heartbeat.stop()
})

test('nothing agreed, nothing timed', () => {
  const { clock } = setUp(0, 0)
  assert.equal(clock.pending, 0)
})
