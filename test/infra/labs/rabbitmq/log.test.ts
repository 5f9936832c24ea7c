import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isElection, isStart, parseLine, parseQueueLine } from '../../../../infra/labs/rabbitmq/log.ts'

const HEAD = '2026-11-21 08:35:26.270296+00:00 [notice] <0.704.0> '

describe("a line of RabbitMQ's log", () => {
  it('has its wall time and its text', () => {
    assert.deepEqual(parseLine(`${HEAD}rabbit on node a@localhost down`), {
      wall: Date.UTC(2026, 10, 21, 8, 35, 26, 270),
      text: 'rabbit on node a@localhost down',
    })
    assert.equal(parseLine(' completed with 3 plugins.'), undefined)
  })

  it('tells of an election, whether or not the replica was restarted before', () => {
    for (const who of ["queue 'some jobs' in vhost '/'", "{'%2F_some jobs',a@localhost}"]) {
      const line = parseQueueLine(`${HEAD}${who}: candidate -> leader in term: 2 machine version: 2`)
      assert.equal(line?.queue, 'some jobs')
      assert.equal(isElection(line), true)
    }
  })

  it('takes a follower that names its leader for no election', () => {
    const text = "queue 'jobs' in vhost '/': detected a new leader {'%2F_jobs',b@localhost} in term 3"
    const line = parseQueueLine(HEAD + text)
    assert.equal(line?.queue, 'jobs')
    assert.equal(isElection(line), false)
    assert.equal(parseQueueLine(`${HEAD}queue 'jobs' in vhost 'other': candidate -> leader in term: 1`), undefined)
  })

  it('tells of the start of the node', () => {
    assert.equal(isStart(`${HEAD} Starting RabbitMQ 3.10.8 on Erlang 25.2.3 [jit]`), true)
    assert.equal(isStart(`${HEAD}Starting worker pool 'worker_pool' with 1 processes in it`), false)
  })
})
