import assert from 'node:assert/strict'
import test from 'node:test'
import type { ClientName } from '../../../bench/peers/clients.ts'
import { judge } from '../../../bench/throughput/claims.ts'
import { ratiosTo, type Sample, summarize } from '../../../bench/throughput/summary.ts'

function sample(client: ClientName, round: number, perSecond: number, more: Partial<Sample> = {}): Sample {
  return {
    client,
    round,
    count: 10,
    perSecond,
    cpuUs: 1,
    roundTripMs: undefined,
    roundTripP99Ms: undefined,
    ...more,
  }
}

/** Three rounds: each client's speed in each. */
function rounds(speeds: Partial<Record<ClientName, readonly number[]>>): Sample[] {
  return Object.entries(speeds).flatMap(([client, each]) =>
    each.map((perSecond, index) => sample(client as ClientName, index + 1, perSecond)),
  )
}

test('a client is compared with the bare driver of the same round, so that a slow round weighs on both', () => {
  // The machine was ten times slower in the second round. By medians alone it would be 100 by 100.
  const samples = rounds({ amqplib: [100, 10, 1000], understudy: [50, 8, 400] })
  assert.deepEqual(ratiosTo(samples, 'understudy', 'amqplib'), [0.5, 0.8, 0.4])
  const [raw, ours] = summarize(samples, ['amqplib', 'understudy'], 'amqplib')
  assert.equal(raw?.toRaw, 1)
  assert.equal(ours?.toRaw, 0.5)
  assert.deepEqual(ours.toRawRange, [0.4, 0.8])
})

test('a summary has the medians, the range and the sum of what was counted', () => {
  const samples = [
    sample('rascal', 1, 30, { count: 3, cpuUs: 9, roundTripMs: 5 }),
    sample('rascal', 2, 10, { count: 4, cpuUs: 7, roundTripMs: 1 }),
    sample('rascal', 3, 20, { count: 5, cpuUs: 8, roundTripMs: 3 }),
  ]
  const [summary] = summarize(samples, ['rascal'], 'amqplib')
  assert.deepEqual(summary, {
    client: 'rascal',
    rounds: 3,
    messages: 12,
    perSecond: 20,
    slowest: 10,
    fastest: 30,
    cpuUs: 8,
    roundTripMs: 3,
    roundTripP99Ms: undefined,
    toRaw: undefined,
    toRawRange: undefined,
  })
})

test('clients are listed in the order asked for, and those without a round are left out', () => {
  const samples = rounds({ understudy: [1], rascal: [1] })
  const names = summarize(samples, ['amqplib', 'rascal', 'understudy'], 'amqplib').map(({ client }) => client)
  assert.deepEqual(names, ['rascal', 'understudy'])
})

test('a round that lacks one of the two says nothing about them', () => {
  const samples = [...rounds({ amqplib: [10, 20] }), sample('understudy', 2, 30), sample('understudy', 3, 30)]
  assert.deepEqual(ratiosTo(samples, 'understudy', 'amqplib'), [1.5])
})

test('publishing over AMQP holds at 0.95 of the bare driver and fails below', () => {
  const speeds = (ours: number): Sample[] => rounds({ amqplib: [100, 100, 100], understudy: [ours, ours, 200] })
  const [held] = judge('publish', 'amqp', speeds(95))
  assert.equal(held?.holds, true)
  assert.equal(held.heldIn, 3)
  const [failed] = judge('publish', 'amqp', speeds(94))
  assert.equal(failed?.holds, false)
  assert.equal(failed.heldIn, 1)
  assert.equal(failed.ratio, 0.94)
})

test('consuming over AMQP must keep ahead of the other clients too', () => {
  const claims = judge(
    'consume',
    'amqp',
    rounds({ amqplib: [100], 'rabbitmq-client': [101], rascal: [50], understudy: [100] }),
  )
  assert.deepEqual(
    claims.map(({ against, holds }) => [against, holds]),
    [
      ['amqplib', true],
      ['rabbitmq-client', false],
      ['rascal', true],
    ],
  )
})

test('over STOMP it must be as fast as the bare driver', () => {
  const [claim] = judge('publish', 'stomp', rounds({ stompit: [100], understudy: [99] }))
  assert.equal(claim?.holds, false)
})

test('a goal against a client that was left out is not judged', () => {
  const claims = judge('consume', 'amqp', rounds({ amqplib: [100], understudy: [100] }))
  assert.deepEqual(
    claims.map(({ holds }) => holds),
    [true, undefined, undefined],
  )
})
