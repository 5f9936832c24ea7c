import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderThresholdPage } from '../../../../src/drill/report/threshold/threshold-page.ts'
import { pageText } from '../page-text.ts'
import { direct, run, writtenSearch } from '../../threshold/written-search.ts'

const FIVE = [210, 180, 9140, 200, 190].map((ms, index) => direct(index, ms))
const HELD = [0, 1, 2, 3, 4].map((index) => run(1, index, 9200))

describe('the page of a search', () => {
  it('says the claim first, then what it means and what it rests on', () => {
    const page = renderThresholdPage(writtenSearch([...FIVE, ...HELD]))
    assert.match(
      pageText(page),
      /EARNED AS WANTED R0\.5 <= 9\.2 s \(95 %, n=5\) A producer that tries every broker, waits 9\.2 s/,
    )
    assert.match(pageText(page), /5 of 5 a job fails in at most 45\.1 %/)
    assert.match(pageText(page), /0 ms to 2\.25 s: the lock is asked for every 250 ms/)
    assert.match(pageText(page), /the longest of all runs was 6\.89 s above that/)
    assert.match(page, /<h1>[^]*R0\.5/)
  })

  it('has a row for every run and a mark for each in every plot', () => {
    const page = renderThresholdPage(writtenSearch([...FIVE, ...HELD]))
    assert.equal(page.match(/<th scope="row" class="mono">/g)?.length, 10)
    assert.equal(page.match(/<title>confirm-1-00\d: phase/g)?.length, 5)
    assert.equal(page.match(/<title>direct-00\d, phase/g)?.length, 10)
  })

  it('says of what an unfinished search is short, and shows a run that failed', () => {
    const text = pageText(renderThresholdPage(writtenSearch([...FIVE, run(1, 0, 9200, 17)])))
    assert.match(text, /NOT ALL THAT WAS WANTED/)
    assert.match(text, /0 of 5 runs of the one-retry producer were done/)
    assert.match(text, /17 of 200 failed at 9\.20 s/)
  })

  it('says when a threshold was not seen, and when nothing was measured at all', () => {
    assert.match(pageText(renderThresholdPage(writtenSearch([direct(0, null)]))), /not seen to its end not seen/)
    const empty = renderThresholdPage(writtenSearch([], { target: null }))
    assert.match(pageText(empty), /nothing was earned/)
    assert.doesNotMatch(empty, /NaN|Infinity|undefined/)
  })

  it('tells a verification by how many fresh runs held', () => {
    const trials = [run(1, 0, 9200, 0, 'verify'), run(1, 1, 9200, 3, 'verify')]
    const text = pageText(renderThresholdPage(writtenSearch(trials, { verify: { atMs: 9200, runs: 2, early: false } })))
    assert.match(text, /LEFT OPEN/)
    assert.match(text, /1 of 2 fresh runs held at 9\.2 s/)
  })

  it('says of a verification what its exit code says: shown, refuted or left open, as without a run', () => {
    const state = (failed: readonly number[], early = false): string => {
      const trials = failed.map((jobs, index) => run(1, index, 9200, jobs, 'verify'))
      const verify = { atMs: 9200, runs: 29, early }
      const text = pageText(renderThresholdPage(writtenSearch(trials, { verify })))
      return /SHOWN AS WANTED|JOBS FAIL MORE OFTEN|LEFT OPEN/.exec(text)?.[0] ?? ''
    }
    const ten = Array.from({ length: 10 }, () => 0)
    assert.equal(state([]), 'LEFT OPEN')
    assert.equal(state(ten.slice(0, 4)), 'LEFT OPEN')
    assert.equal(state(ten.slice(0, 5)), 'SHOWN AS WANTED')
    assert.equal(state([1, 1, 1, 1, 1]), 'JOBS FAIL MORE OFTEN')
    assert.equal(state(ten.slice(0, 9), true), 'LEFT OPEN')
    assert.equal(state(ten, true), 'SHOWN AS WANTED')
    assert.equal(state([1, 1], true), 'JOBS FAIL MORE OFTEN')
  })

  it('shows other retry policies where there are any', () => {
    const fate = { schedule: 'retries=1,delay=4s', spanMs: 4000, outages: 5, failed: 1, failureAtMost: 0.657 }
    const page = renderThresholdPage(writtenSearch(FIVE, { schedules: [fate] }))
    assert.match(pageText(page), /retries=1,delay=4s 4\.00 s 1 of 5 outages 65\.7 %/)
    assert.doesNotMatch(renderThresholdPage(writtenSearch(FIVE)), /id="policies"/)
  })

  it('runs no script, asks nobody for anything, and escapes what came from the run', () => {
    const evil = '<script>alert(1)</script>'
    const page = renderThresholdPage(writtenSearch([direct(0, 5, { node: evil })], { lab: evil, command: evil }))
    assert.doesNotMatch(page, /<script|src=|https?:\/\/(?!www\.w3\.org)/)
    assert.match(page, /default-src &#39;none&#39;|default-src 'none'/)
  })
})
