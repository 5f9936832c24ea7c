import assert from 'node:assert/strict'
import test from 'node:test'
import type { Peer, PeerName } from '../../../bench/jobs/peers.ts'
import { judge, summarize, summaryText } from '../../../bench/jobs/report.ts'
import type { Sample } from '../../../bench/jobs/rounds.ts'
import type { Row } from '../../../bench/jobs/rows.ts'

const ROW: Row = {
  name: 'five',
  title: 'five workers',
  jobs: 1000,
  ms: 100,
  workers: 5,
  concurrency: 1,
  prefetch: 2,
  results: true,
  withinS: 20.4,
}
const peer = (name: PeerName): Peer => ({ name, product: name, over: '', warmUpJobs: 0, client: [], worker: [] })
const sample = (of: PeerName, doneS: number, jobs = 1000): Sample => ({
  row: 'five',
  peer: of,
  round: 1,
  jobs,
  sentS: doneS / 2,
  doneS,
})
const PEERS = [peer('understudy'), peer('celery')]

test('a peer is judged by the median of its rounds', () => {
  const samples = [
    sample('understudy', 20.3),
    sample('understudy', 30),
    sample('understudy', 20.1),
    sample('celery', 21),
  ]
  const summaries = summarize([ROW], PEERS, samples)
  assert.deepEqual(
    summaries.map(({ peer: name, doneS, bestS, worstS }) => [name, doneS, bestS, worstS]),
    [
      ['understudy', 20.3, 20.1, 30],
      ['celery', 21, 21, 21],
    ],
  )
  assert.deepEqual(
    judge([ROW], summaries).map(({ text, holds }) => [text, holds]),
    [
      ['five workers: within 20.4 s', true],
      ['five workers: ahead of Celery', true],
    ],
  )
  assert.match(summaryText([ROW], summaries), /^five workers\n.*\nunderstudy +1,000 +10\.15 s +20\.30 s +20\.10 s/)
})

test('who does fewer jobs is compared by the rate', () => {
  const row: Row = { ...ROW, perSecond: 10_000, results: false }
  const summaries = summarize([row], PEERS, [sample('understudy', 11, 100_000), sample('celery', 1, 1000)])
  const claims = judge([row], summaries)
  assert.deepEqual(
    claims.map(({ holds }) => holds),
    [true, false, true],
  )
  assert.match(claims[1]?.found ?? '', /^9,091 a second$/)
})

test('what was not measured is not judged', () => {
  assert.deepEqual(
    judge([ROW], []).map(({ holds }) => holds),
    [undefined, undefined],
  )
  const alone = judge([ROW], summarize([ROW], PEERS, [sample('understudy', 21)]))
  assert.deepEqual(
    alone.map(({ holds }) => holds),
    [false, undefined],
  )
})
