import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clientFindings } from '../../../src/drill/doctor/client-findings.ts'
import type { Finding } from '../../../src/drill/doctor/finding.ts'
import { heartbeatFindings } from '../../../src/drill/doctor/heartbeat-findings.ts'
import type { DoctorQuestion } from '../../../src/drill/doctor/doctor-question.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import { codesOf, findingOf, wrongsOf } from '../../support/findings.ts'

const PAIR = 'failover:(stomp://localhost:1,stomp://127.0.0.1:2)'

function read(uri: string, question: DoctorQuestion = {}): readonly Finding[] {
  const topology = question.topology ?? (uri.includes('amqp') ? 'quorum' : 'lock')
  return clientFindings(parseFailoverUri(uri), topology, question)
}

function beats(uri: string, question: DoctorQuestion = {}): readonly Finding[] {
  return heartbeatFindings(parseFailoverUri(uri), [], question)
}

describe('a failover URI', () => {
  it('that never gives a job up is one that waits for ever', () => {
    assert.match(findingOf(read(`${PAIR}?retryThreshold=-1`), 'waits-for-ever').is, /waits for ever/)
    const bounded = findingOf(read(`${PAIR}?retryThreshold=-1&timeout=5000`), 'waits-for-ever')
    assert.match(bounded.is, /timeout=5000 ends it only while none is connected/)
    assert(!codesOf(read(PAIR)).includes('waits-for-ever'), 'the default gives up after 60 s')
  })

  it('that tries for its first connection without end is noted, unless it is the own one of a drill', () => {
    assert.equal(findingOf(read(PAIR), 'first-connection-without-end').severity, 'note')
    assert(!codesOf(read(`${PAIR}?startupMaxReconnectAttempts=3`)).includes('first-connection-without-end'))
    assert(!codesOf(read(PAIR, { drillClient: true })).includes('first-connection-without-end'))
  })

  it('with one broker has nobody to fail over to', () => {
    assert.equal(findingOf(read('stomp://localhost'), 'one-endpoint').severity, 'warning')
    assert(!codesOf(read(PAIR)).includes('one-endpoint'))
  })

  it('that gives up before the brokers can have taken over is a problem', () => {
    const slow: DoctorQuestion = { slowestTakeoverMs: 12_000 }
    assert.deepEqual(wrongsOf(read(`${PAIR}?randomize=false`, { ...slow, drillClient: true })), [])
    const short = findingOf(read(`${PAIR}?retryThreshold=4000`, slow), 'gives-up-before-takeover')
    assert.match(short.is, /may take 12 s .* retryThreshold is 4 s/)
    const article = 'useExponentialBackOff=false&maxReconnectAttempts=1&initialReconnectDelay=4000'
    assert.match(findingOf(read(`${PAIR}?${article}`, slow), 'gives-up-before-takeover').is, /1 more pass.*4 s in all/)
    assert(!codesOf(read(`${PAIR}?maxReconnectAttempts=20`, slow)).includes('gives-up-before-takeover'))
  })

  it('without TLS is warned of where it leaves the machine', () => {
    const found = findingOf(read('failover:(stomp://localhost,stomp://mq.example,amqps://mq.example)'), 'no-tls')
    assert.match(found.is, /^stomp:\/\/mq\.example:61613 is spoken to without TLS/)
    assert(!codesOf(read('failover:(amqp://[::1],stomp://127.0.0.9,memory:x)')).includes('no-tls'))
  })

  it('whose list is in order sends every client to one node of a cluster, and to the master of a pair', () => {
    const cluster = 'failover:(amqp://localhost:1,amqp://localhost:2)'
    assert(codesOf(read(`${cluster}?randomize=false`)).includes('not-randomized'))
    assert(!codesOf(read(cluster)).includes('not-randomized'))
    assert(!codesOf(read(`${PAIR}?randomize=false`)).includes('not-randomized'))
    assert.equal(findingOf(read(PAIR), 'randomized').severity, 'note')
  })

  it('without mandatory confirms what is lost', () => {
    const uri = 'failover:(amqp://localhost:1,amqp://localhost:2)?nested.mandatory='
    const found = findingOf(read(`${uri}false`), 'not-mandatory')
    assert.equal(found.severity, 'problem')
    assert.match(found.why ?? '', /60 of 101/)
    assert.equal(findingOf(read(`${uri}true`), 'mandatory').severity, 'fine')
    assert(!codesOf(read(PAIR)).includes('mandatory'), 'STOMP has no such thing')
  })
})

describe('a heart-beat', () => {
  it('that is slower than the outage that is asked is a problem, with the figure for each protocol', () => {
    assert.match(findingOf(beats(PAIR, { rtoMs: 5000 }), 'noticed-too-late').is, /within 7\.5 s.* last 5 s/)
    assert.match(findingOf(beats('amqp://localhost', { rtoMs: 5000 }), 'noticed-too-late').is, /within 15 s/)
    assert.deepEqual(wrongsOf(beats(`${PAIR}?heartbeat=1000`, { rtoMs: 5000 })), [])
    assert.deepEqual(wrongsOf(beats(PAIR)), [], 'nothing was asked')
  })

  it('of AMQP cannot be made as short as wanted, and the advice says so', () => {
    const found = findingOf(beats('amqp://localhost?heartbeat=1000', { rtoMs: 2000 }), 'noticed-too-late')
    assert.match(found.advice ?? '', /whole seconds: nothing notices .* less than 3 s/)
  })

  it('that is switched off leaves a hang to the next confirm', () => {
    const found = findingOf(beats(`${PAIR}?heartbeat=0&confirmTimeout=4000`), 'no-heartbeat')
    assert.match(found.why ?? '', /confirmTimeout \(4 s\)/)
    assert.match(found.advice ?? '', /Set heartbeat/)
  })

  it('is not asked of a broker in memory', () => {
    assert.deepEqual(beats('memory:x?heartbeat=0'), [])
  })
})
