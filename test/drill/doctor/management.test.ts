import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ServerResponse } from 'node:http'
import { managementAddress } from '../../../src/drill/doctor/management-call.ts'
import { managementFindings } from '../../../src/drill/doctor/management-findings.ts'
import { type ManagementReading, readManagement } from '../../../src/drill/doctor/management-reading.ts'
import type { Finding } from '../../../src/drill/doctor/finding.ts'
import type { DoctorQuestion } from '../../../src/drill/doctor/doctor-question.ts'
import { codesOf, findingOf, wrongsOf } from '../../support/findings.ts'
import { type Answers, type FakeManagementApi, fakeManagementApi } from '../../support/management-api.ts'

const NAMES = ['r1@x', 'r2@x', 'r3@x']
const NODES = NAMES.map((name) => ({ name, running: true, mem_alarm: false, disk_free_alarm: false, partitions: [] }))
const QUORUM = { name: 'orders', type: 'quorum', durable: true, members: NAMES, online: NAMES, arguments: {} }
const CLASSIC = { name: 'mails', type: 'classic', durable: true, messages: 5, messages_persistent: 5, arguments: {} }

function read(api: FakeManagementApi, queue?: string, withinMs = 5000): Promise<ManagementReading> {
  const address = managementAddress(api.url.replace('://', '://watcher:geheim@'))
  return readManagement(address, { virtualHost: '/', queue, withinMs, signal: new AbortController().signal })
}

function withQueues(queues: readonly object[], nodes: readonly object[] = NODES): Answers {
  const page = { items: queues, page_count: 1, total_count: queues.length }
  return { overview: { rabbitmq_version: '4.0.5', cluster_name: 'staging' }, nodes, 'queues/%2F': page }
}

async function findingsOf(answers: Answers, question: DoctorQuestion = {}): Promise<readonly Finding[]> {
  await using api = await fakeManagementApi(answers)
  return managementFindings(await read(api, question.queue), question)
}

describe('a cluster', () => {
  it('of three nodes with quorum queues is fine, and its API is only read', async () => {
    await using api = await fakeManagementApi(withQueues([QUORUM]))
    const reading = await read(api)
    assert.deepEqual(wrongsOf(managementFindings(reading, {})), [])
    assert.deepEqual([reading.version, reading.cluster], ['4.0.5', 'staging'])
    assert(
      api.asked.every((call) => call.startsWith('GET ') && call.endsWith(' watcher:geheim')),
      api.asked.join(),
    )
  })

  it('with a node that is down says so, and which queues have a member there', async () => {
    const nodes = NODES.with(2, { ...NODES[2], running: false } as (typeof NODES)[0])
    const findings = await findingsOf(withQueues([{ ...QUORUM, online: NAMES.slice(0, 2) }], nodes))
    assert.deepEqual(wrongsOf(findings), ['problem node-not-running', 'problem members-down'])
    assert.match(findingOf(findings, 'node-not-running').is, /^1 of 3 nodes does not run: r3@x/)
    assert.match(findingOf(findings, 'members-down').is, /^orders has members/)
  })

  it('says how many members more the queue can lose that can lose the fewest', async () => {
    const five = ['r1@x', 'r2@x', 'r3@x', 'r4@x', 'r5@x']
    const large = { ...QUORUM, name: 'large', members: five, online: five.slice(0, 4) }
    const why = async (queues: readonly object[]): Promise<string | null> =>
      findingOf(await findingsOf(withQueues(queues)), 'members-down').why
    assert.equal(await why([large]), 'Of 5 members 4 are left: 2 more, and nothing is confirmed.')
    const small = { ...QUORUM, online: NAMES.slice(0, 2) }
    assert.equal(await why([large, small]), 'Of 3 members 2 are left: one more, and nothing is confirmed.')
  })

  it('without a majority says that publishes hang', async () => {
    const nodes = NODES.map((node, index) => ({ ...node, running: index === 0 }))
    const findings = await findingsOf(withQueues([{ ...QUORUM, online: ['r1@x'] }], nodes))
    assert.deepEqual(wrongsOf(findings), ['problem node-not-running', 'problem no-majority'])
    assert.match(findingOf(findings, 'node-not-running').why ?? '', /publishes hang/)
  })

  it('with an alarm in force says which and where, and one that was cut between whom', async () => {
    const nodes = [
      { ...NODES[0], mem_alarm: true },
      { ...NODES[1], disk_free_alarm: true },
      { ...NODES[2], partitions: ['r1@x'] },
    ]
    const findings = await findingsOf(withQueues([], nodes))
    assert.deepEqual(wrongsOf(findings), ['problem memory-alarm', 'problem disk-alarm', 'problem partitioned'])
    assert.match(findingOf(findings, 'memory-alarm').is, /on r1@x/)
    assert.match(findingOf(findings, 'partitioned').is, /r3@x from r1@x/)
  })

  it('that takes a silent node for gone late says what a hung leader costs, where there are quorum queues', async () => {
    const ticking = (seconds: number): readonly object[] =>
      NODES.map((node) => Object.assign({ net_ticktime: seconds }, node))
    const nodes = ticking(60)
    const findings = await findingsOf(withQueues([QUORUM], nodes))
    assert.match(findingOf(findings, 'long-net-ticktime').is, /after 60 s/)
    assert.equal(findingOf(findings, 'long-net-ticktime').severity, 'note')
    assert(!codesOf(await findingsOf(withQueues([CLASSIC], nodes))).includes('long-net-ticktime'))
    assert(!codesOf(await findingsOf(withQueues([QUORUM], ticking(10)))).includes('long-net-ticktime'))
  })

  it('of one node can fail over to nobody', async () => {
    const findings = await findingsOf(withQueues([CLASSIC], NODES.slice(0, 1)))
    assert.deepEqual(wrongsOf(findings), ['warning single-node'])
  })
})

describe('queues', () => {
  it('that are classic have no replica in a cluster; those that come and go with a client are left out', async () => {
    const fleeting = { ...CLASSIC, name: 'reply', exclusive: true }
    const findings = await findingsOf(
      withQueues([CLASSIC, fleeting, { ...fleeting, exclusive: false, auto_delete: true }]),
    )
    assert.deepEqual(wrongsOf(findings), ['problem classic-queue'])
    assert.match(findingOf(findings, 'classic-queue').is, /^mails is a classic queue/)
  })

  it('that are mirrored by a policy are warned of, as 4.0 has no mirrors', async () => {
    const mirrored = { ...CLASSIC, effective_policy_definition: { 'ha-mode': 'all' } }
    assert.deepEqual(wrongsOf(await findingsOf(withQueues([mirrored]))), ['warning mirrored-queue'])
  })

  it('with fewer than three members are stopped by the loss of one', async () => {
    const two = NAMES.slice(0, 2)
    const findings = await findingsOf(withQueues([{ ...QUORUM, members: two, online: two }]))
    assert.deepEqual(wrongsOf(findings), ['problem too-few-members'])
  })

  it('that hold messages which are not persistent are told with how many a restart would lose', async () => {
    const findings = await findingsOf(withQueues([{ ...CLASSIC, messages: 1500, messages_persistent: 2 }]))
    assert.match(findingOf(findings, 'not-persistent').is, /^1.498 messages in mails are not persistent/)
    assert(codesOf(await findingsOf(withQueues([{ ...CLASSIC, durable: false }]))).includes('not-durable'))
  })

  it('that drop the oldest past their length lose confirmed jobs; those that refuse the newest do not', async () => {
    const bounded = { ...QUORUM, effective_policy_definition: { 'max-length': 100 } }
    assert.deepEqual(wrongsOf(await findingsOf(withQueues([bounded]))), ['problem drop-head'])
    const refusing = { ...bounded, arguments: { 'x-overflow': 'reject-publish' } }
    assert.deepEqual(wrongsOf(await findingsOf(withQueues([refusing]))), [])
  })

  it('that take a job back before it is done are a problem, by the default and by a policy', async () => {
    const slow: DoctorQuestion = { jobTimeMs: 40 * 60_000 }
    const byDefault = findingOf(await findingsOf(withQueues([QUORUM]), slow), 'consumer-timeout')
    assert.match(byDefault.is, /takes 40 min, and orders gives it 30 min/)
    const patient = { ...QUORUM, effective_policy_definition: { 'consumer-timeout': 3_600_000 } }
    const fine = findingOf(await findingsOf(withQueues([patient]), slow), 'consumer-timeout')
    assert.equal(fine.severity, 'fine')
    assert.match(fine.is, /may take 60 min/)
  })

  it('are looked at one by one when one is named, and one that is not there is noted', async () => {
    const answers = { ...withQueues([CLASSIC]), 'queues/%2F/orders': QUORUM }
    assert.deepEqual(wrongsOf(await findingsOf(answers, { queue: 'orders' })), [])
    assert.deepEqual(wrongsOf(await findingsOf(answers, { queue: 'none' })), ['note no-such-queue'])
  })

  it('beyond what is read are told by their number', async () => {
    const page = { items: Array.from({ length: 500 }, () => QUORUM), page_count: 9, total_count: 4321 }
    await using api = await fakeManagementApi({ ...withQueues([]), 'queues/%2F': page })
    const findings = managementFindings(await read(api), {})
    assert.match(findingOf(findings, 'queues-not-read').is, /first 2.000 of 4.321/)
    assert.equal(api.asked.filter((call) => call.includes('queues')).length, 4)
  })
})

describe('the management API', () => {
  const FAILURES: readonly (readonly [string, (response: ServerResponse) => void, string, RegExp])[] = [
    ['that says nothing', () => {}, 'deadline', /did not answer within 300 ms/],
    ['that stops in the middle', (response) => response.write('{"a":'), 'deadline', /within 300 ms/],
    ['that refuses the password', (response) => response.writeHead(401).end(), 'authentication', /refused the user/],
    ['that has another page there', (response) => response.end('<html>'), 'protocol', /no JSON/],
    [
      'that sends elsewhere',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'protocol',
      /answered 302/,
    ],
    ['that breaks off', (response) => response.destroy(), 'unreachable', /cannot be asked/],
  ]
  for (const [what, answer, code, says] of FAILURES) {
    it(`${what} ends the reading within its time, and no password is told`, async () => {
      await using api = await fakeManagementApi({ ...withQueues([]), overview: answer })
      await assert.rejects(read(api, undefined, 300), (error: Error & { code?: string }) => {
        assert.equal(error.code, code)
        assert.match(error.message, says)
        assert.doesNotMatch(error.message, /geheim|watcher/)
        return true
      })
    })
  }

  it('that answers with other shapes than it should is read as far as it goes', async () => {
    const odd = { overview: [], nodes: { a: 1 }, 'queues/%2F': { items: [null, 7, { name: 3, members: 'x' }] } }
    await using api = await fakeManagementApi(odd)
    const reading = await read(api)
    assert.equal(reading.queues.length, 3)
    assert.deepEqual(reading.nodes, [])
  })

  it("is asked as the broker's own user where its address names none", () => {
    const login = { username: 'app', password: 'p w' }
    const { base, ...who } = managementAddress('https://mq.example:15671/api/', login)
    assert.deepEqual([base.href, who], ['https://mq.example:15671/', login])
    assert.equal(managementAddress('http://mq.example').username, 'guest')
    assert.equal(managementAddress('http://a%40b:c%2Fd@mq.example', login).password, 'c/d')
  })

  it('at an address that is none is refused without quoting it', () => {
    for (const text of ['ftp://u:geheim@h', 'http://u:geheim@h:port', 'http://h/?geheim=1', 'geheim']) {
      assert.throws(
        () => managementAddress(text),
        (error: Error) => !error.message.includes('geheim'),
      )
    }
  })
})
