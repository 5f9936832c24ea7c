import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { JobCounts } from '../../../src/drill/result.ts'
import { WrittenHistory } from '../../support/history.ts'

function counts(history: WrittenHistory): JobCounts {
  return judge(history.events).jobs
}

describe('The fate of a job', () => {
  it('is acknowledged and delivered when nothing goes wrong', () => {
    const jobs = counts(new WrittenHistory().job('j', 10).drain(100))
    assert.deepEqual(jobs, {
      attempted: 1,
      acknowledged: 1,
      failed: 0,
      definitelyFailed: 0,
      indeterminate: 0,
      lost: 0,
      recovered: 0,
      resurrected: 0,
      unexpected: 0,
      reordered: 0,
      duplicated: { redelivery: 0, resend: 0, broker: 0, postAck: 0 },
    })
  })

  it('is lost when it was acknowledged and never delivered', () => {
    const jobs = counts(new WrittenHistory().due('j', 10).attempt('j', 10, { outcome: 'ack' }).drain(100))
    assert.equal(jobs.lost, 1)
  })

  it('is not known to be lost when the drain failed or never came', () => {
    const history = () => new WrittenHistory().due('j', 10).attempt('j', 10, { outcome: 'ack' })
    assert.equal(counts(history().drain(100, false)).lost, null)
    assert.equal(counts(history()).lost, null)
  })

  it('is recovered when it was in doubt and arrived', () => {
    const jobs = counts(new WrittenHistory().attempt('j', 10, { outcome: 'ambiguous' }).delivered('j', 20).drain(100))
    assert.equal(jobs.indeterminate, 1)
    assert.equal(jobs.recovered, 1)
    assert.equal(jobs.lost, 0)
  })

  it('stays indeterminate when it was in doubt and never arrived', () => {
    const jobs = counts(new WrittenHistory().attempt('j', 10, { outcome: 'ambiguous' }).drain(100))
    assert.equal(jobs.indeterminate, 1)
    assert.equal(jobs.recovered, 0)
    assert.equal(jobs.lost, 0)
  })

  it('is in doubt when an attempt had no result by the end of the run', () => {
    const jobs = counts(new WrittenHistory().attempt('j', 10).drain(100))
    assert.equal(jobs.indeterminate, 1)
  })

  it('is no longer in doubt once another attempt was acknowledged', () => {
    const history = new WrittenHistory().attempt('j', 10, { outcome: 'ambiguous' })
    history.attempt('j', 30, { k: 2, outcome: 'ack' }).delivered('j', 40, { k: 2 }).drain(100)
    const jobs = counts(history)
    assert.equal(jobs.acknowledged, 1)
    assert.equal(jobs.indeterminate, 0)
  })

  it('is not acknowledged by a confirm of what the broker returned, in either order', () => {
    const returnedFirst = new WrittenHistory()
      .attempt('j', 10, { outcome: 'returned', endMs: 12 })
      .at(13, { type: 'res', id: 'j', k: 1, outcome: 'ack' })
      .drain(100)
    const confirmedFirst = new WrittenHistory()
      .attempt('j', 10, { outcome: 'ack', endMs: 12 })
      .at(13, { type: 'res', id: 'j', k: 1, outcome: 'returned' })
      .drain(100)
    assert.equal(counts(returnedFirst).acknowledged, 0)
    assert.equal(counts(confirmedFirst).acknowledged, 0)
    assert.equal(counts(confirmedFirst).lost, 0)
  })

  it('is acknowledged when only another attempt was returned', () => {
    const history = new WrittenHistory().attempt('j', 10, { outcome: 'returned' })
    history.attempt('j', 30, { k: 2, outcome: 'ack' }).delivered('j', 40, { k: 2 }).drain(100)
    assert.equal(counts(history).acknowledged, 1)
  })

  it('is acknowledged by a confirm that came after its doubt', () => {
    const history = new WrittenHistory()
      .attempt('j', 10, { outcome: 'ambiguous' })
      .at(90, { type: 'res', id: 'j', k: 1, outcome: 'ack' })
      .delivered('j', 95)
      .drain(100)
    assert.equal(counts(history).acknowledged, 1)
    assert.equal(counts(history).indeterminate, 0)
  })

  it('is failed when it was given up, and definitely so when no broker can hold it', () => {
    const history = new WrittenHistory().attempt('sure', 10, { outcome: 'refused', by: null }).giveUp('sure', 50)
    history.attempt('sure', 20, { k: 2, outcome: 'nack' })
    history.attempt('doubtful', 10, { outcome: 'refused', by: null }).attempt('doubtful', 20, { k: 2 })
    history.giveUp('doubtful', 50).drain(100)
    const jobs = counts(history)
    assert.equal(jobs.failed, 2)
    assert.equal(jobs.definitelyFailed, 1)
    assert.equal(jobs.indeterminate, 1)
  })

  it('is not failed when it was given up and acknowledged all the same', () => {
    const history = new WrittenHistory().attempt('j', 10, { outcome: 'ack' }).giveUp('j', 11).delivered('j', 20)
    assert.equal(counts(history.drain(100)).failed, 0)
  })

  it('is resurrected when every attempt was refused by name and it arrived', () => {
    const history = new WrittenHistory().attempt('j', 10, { outcome: 'nack' }).giveUp('j', 20).delivered('j', 30)
    const jobs = counts(history.drain(100))
    assert.equal(jobs.resurrected, 1)
    assert.equal(jobs.recovered, 0)
    assert.equal(jobs.unexpected, 0)
  })

  it('is unexpected when another run sent it, counted once however often it comes', () => {
    const history = new WrittenHistory().job('j', 10).delivered('j', 50, { runId: 'run-0' })
    history.delivered('other', 51, { runId: 'run-0' }).delivered('other', 52, { runId: 'run-0' })
    const jobs = counts(history.drain(100))
    assert.equal(jobs.unexpected, 2)
    assert.deepEqual(jobs.duplicated, { redelivery: 0, resend: 0, broker: 0, postAck: 0 })
  })

  it('is unexpected when it was never attempted', () => {
    const history = new WrittenHistory().due('waiting', 10).delivered('waiting', 20).delivered('made-up', 30)
    assert.equal(counts(history.drain(100)).unexpected, 2)
  })
})

describe('What is told of the jobs', () => {
  const told = (history: WrittenHistory) => judge(history.events).findings.join('\n')

  it('names those that had no end, and only those that were attempted', () => {
    const history = new WrittenHistory().attempt('j', 10, { by: null, outcome: 'refused' }).due('never sent', 20)
    assert.match(told(history), /^1 job had no end when the history did\.$/m)
  })

  it('names those in doubt and how many of them arrived', () => {
    const history = new WrittenHistory().attempt('i', 10).attempt('j', 20).delivered('j', 30)
    assert.match(told(history), /^2 jobs ended in doubt, sent without an answer: 1 of them arrived all the same\.$/m)
  })

  it('names failed, resurrected and overtaken ones', () => {
    const history = new WrittenHistory().attempt('i', 10, { outcome: 'nack' }).giveUp('i', 20).delivered('i', 30)
    history.attempt('j', 100, { outcome: 'ack' }).job('k', 120).delivered('j', 200)
    assert.match(told(history), /^1 job failed: given up without a confirm\.$/m)
    assert.match(told(history), /^1 job arrived although every attempt had been refused\.$/m)
    assert.match(told(history), /^1 job arrived after a job that was sent later\.$/m)
  })

  it('names duplicates by their kind', () => {
    const history = new WrittenHistory().job('j', 10).delivered('j', 50).delivered('j', 60, { k: 2 })
    assert.match(
      told(history),
      /^2 duplicates came to the listener: 1 sent again by the client, 1 delivered again after the acknowledge had been/m,
    )
  })

  it('is nothing where nothing happened', () => {
    assert.equal(told(new WrittenHistory().job('j', 10)), '')
  })
})

describe('A duplicate', () => {
  const sent = () => new WrittenHistory().attempt('j', 10, { outcome: 'ack' })
  const none = { redelivery: 0, resend: 0, broker: 0, postAck: 0 }

  it('is a redelivery when the same attempt comes again and the broker says so', () => {
    const history = sent().delivered('j', 20, { ackConfirmed: false }).delivered('j', 30, { redelivered: true })
    assert.deepEqual(counts(history).duplicated, { ...none, redelivery: 1 })
  })

  it('is the broker’s when the same attempt comes again unmarked', () => {
    const history = sent().delivered('j', 20, { ackConfirmed: false }).delivered('j', 30)
    assert.deepEqual(counts(history).duplicated, { ...none, broker: 1 })
  })

  it('is a resend when it comes from another attempt, marked or not', () => {
    const again = () => sent().attempt('j', 15, { k: 2, outcome: 'ack' }).delivered('j', 20, { ackConfirmed: false })
    assert.deepEqual(counts(again().delivered('j', 30, { k: 2 })).duplicated, { ...none, resend: 1 })
    const marked = again().delivered('j', 30, { k: 2, redelivered: true })
    assert.deepEqual(counts(marked).duplicated, { ...none, resend: 1 })
  })

  it('is post-ack when the same attempt comes again after its acknowledge was confirmed, marked or not', () => {
    assert.deepEqual(counts(sent().delivered('j', 20).delivered('j', 30)).duplicated, { ...none, postAck: 1 })
    const marked = sent().delivered('j', 20).delivered('j', 30, { redelivered: true })
    assert.deepEqual(counts(marked).duplicated, { ...none, postAck: 1 })
  })

  it('is a resend, not post-ack, when only the other attempt’s copy had been acknowledged', () => {
    const history = new WrittenHistory()
      .attempt('j', 10, { outcome: 'ambiguous' })
      .attempt('j', 15, { k: 2, outcome: 'ack' })
      .delivered('j', 20, { k: 1 })
      .delivered('j', 30, { k: 2 })
    assert.deepEqual(counts(history).duplicated, { ...none, resend: 1 })
  })

  it('is not post-ack when the confirm of the acknowledge came later than the second copy', () => {
    const history = sent()
      .delivered('j', 20, { ackConfirmed: false })
      .delivered('j', 30, { redelivered: true, ackConfirmed: false })
      .at(31, { type: 'cackok', id: 'j', n: 1 })
    assert.deepEqual(counts(history).duplicated, { ...none, redelivery: 1 })
  })

  it('is counted once for each delivery beyond the first', () => {
    const history = sent()
      .attempt('j', 15, { k: 2, outcome: 'ack' })
      .delivered('j', 20, { ackConfirmed: false })
      .delivered('j', 21, { redelivered: true, ackConfirmed: false })
      .delivered('j', 22, { k: 2, ackConfirmed: false })
      .delivered('j', 23, { k: 2 })
      .delivered('j', 30, { k: 2, redelivered: true })
    assert.deepEqual(counts(history).duplicated, { redelivery: 1, resend: 1, broker: 1, postAck: 1 })
  })
})

describe('The order of jobs', () => {
  it('is broken by a job that was confirmed before a later one was sent, and arrived after it', () => {
    const history = new WrittenHistory().attempt('first', 10, { outcome: 'ack', endMs: 14 })
    history.attempt('second', 20, { outcome: 'ack' }).delivered('second', 30).delivered('first', 40)
    assert.equal(counts(history).reordered, 1)
  })

  it('is not broken by sends that overlap', () => {
    const history = new WrittenHistory().attempt('first', 10, { outcome: 'ack', endMs: 25 })
    history.attempt('second', 20, { outcome: 'ack' }).delivered('second', 30).delivered('first', 40)
    assert.equal(counts(history).reordered, 0)
  })

  it('is not broken by a retry whose confirm came after the later job was first sent', () => {
    const history = new WrittenHistory().attempt('first', 10, { outcome: 'ambiguous' })
    history.attempt('second', 20, { outcome: 'ack' }).delivered('second', 26)
    history.attempt('first', 30, { k: 2, outcome: 'ack' }).delivered('first', 40, { k: 2 })
    assert.equal(counts(history).reordered, 0)
  })

  it('goes by first deliveries: a late duplicate breaks nothing', () => {
    const history = new WrittenHistory().job('first', 10).job('second', 30).delivered('first', 60)
    assert.equal(counts(history).reordered, 0)
  })

  it('counts every job that was overtaken once, by however many', () => {
    const history = new WrittenHistory()
      .attempt('late', 10, { outcome: 'ack' })
      .attempt('later', 20, { outcome: 'ack' })
    history.job('x', 30).job('y', 50).delivered('late', 70).delivered('later', 80)
    assert.equal(counts(history).reordered, 2)
  })

  it('says nothing of a job that was never confirmed', () => {
    const history = new WrittenHistory()
      .attempt('doubt', 10, { outcome: 'ambiguous' })
      .job('x', 30)
      .delivered('doubt', 60)
    assert.equal(counts(history).reordered, 0)
  })

  it('says nothing of a job that never arrived', () => {
    const history = new WrittenHistory().attempt('lost', 10, { outcome: 'ack' }).job('x', 30)
    assert.equal(counts(history).reordered, 0)
  })
})
