import assert from 'node:assert/strict'
import test from 'node:test'
import { claimText, columns, summaryText } from '../../../bench/throughput/table.ts'
import type { ClientSummary } from '../../../bench/throughput/summary.ts'

const SUMMARY: ClientSummary = {
  client: 'understudy',
  rounds: 3,
  messages: 60_000,
  perSecond: 12_345.6,
  slowest: 9000,
  fastest: 20_000,
  cpuUs: 17.25,
  roundTripMs: undefined,
  roundTripP99Ms: undefined,
  toRaw: 0.987,
  toRawRange: [0.9, 1.1],
}

test('the table has one line for each client, with its ratio to the bare driver', () => {
  const [header, line, ...rest] = summaryText([SUMMARY]).split('\n')
  assert.match(header ?? '', /^client +messages\/s +slowest +fastest +of raw +range +CPU us each +messages$/)
  assert.match(line ?? '', /^understudy +12,346 +9,000 +20,000 +0\.99 +0\.90–1\.10 +17\.3 +60,000$/)
  assert.deepEqual(rest, [''])
})

test('round trips have columns where they were measured', () => {
  const [header, line] = summaryText([{ ...SUMMARY, roundTripMs: 1.234, roundTripP99Ms: 9 }]).split('\n')
  assert.match(header ?? '', / median ms +p99 ms$/)
  assert.match(line ?? '', / 1\.23 +9\.00$/)
})

test('a client without the bare driver beside it has no ratio', () => {
  const [, line] = summaryText([{ ...SUMMARY, toRaw: undefined, toRawRange: undefined }]).split('\n')
  assert.match(line ?? '', /20,000 +17\.3/)
})

test('columns are as wide as their widest cell, the first to the left', () => {
  assert.equal(
    columns([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
    'a    bb\nccc   d\n',
  )
})

test('a claim says what held, by how much and how often', () => {
  const claim = { text: 'publish', against: 'amqplib', atLeast: 0.95, ratio: 0.9, heldIn: 1, rounds: 5 } as const
  assert.equal(claimText({ ...claim, holds: false }), 'FAILS: publish (median 0.90, in 1 of 5 rounds)')
  assert.equal(claimText({ ...claim, holds: true }), 'holds: publish (median 0.90, in 1 of 5 rounds)')
  assert.equal(claimText({ ...claim, holds: undefined, ratio: undefined }), 'not judged: publish')
})
