import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveUri } from '../../../src/connect.ts'
import { type Diagnosis, diagnose, type DiagnoseOptions } from '../../../src/drill/doctor/diagnosis.ts'
import { settingsOf } from '../../../src/drill/doctor/config-file.ts'
import { managementAddress } from '../../../src/drill/doctor/management-call.ts'
import { scriptedAmqpBroker, type ScriptedAmqpBroker, type Tune } from '../../support/amqp-peer.ts'
import { codesOf, findingOf } from '../../support/findings.ts'
import { fakeManagementApi } from '../../support/management-api.ts'
import { scriptedBroker, type ScriptedBroker } from '../../support/stomp-peer.ts'

async function ask(uri: string, more: Partial<DiagnoseOptions> = {}): Promise<Diagnosis> {
  const { signal } = new AbortController()
  return await diagnose({ name: 'x', ...(await resolveUri(uri)), withinMs: 400, signal, question: {}, ...more })
}

function stomp(headers: Readonly<Record<string, string>>): Promise<ScriptedBroker> {
  return scriptedBroker(async (peer) => {
    await peer.acceptConnect(headers)
    await peer.next('DISCONNECT').then(
      (frame) => peer.confirm(frame),
      () => {},
    )
  })
}

function amqp(tune: Tune): Promise<ScriptedAmqpBroker> {
  return scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection(tune)
    peer.answerQuestions()
  })
}

const list = (...ports: readonly number[]): string =>
  `failover:(${ports.map((p) => `stomp://127.0.0.1:${p}`).join(',')})`

describe('a list of STOMP brokers', () => {
  it('of which one serves and one stands by is as it should be, and says what the broker says of itself', async () => {
    await using master = await stomp({ server: 'ActiveMQ/5.17.2', 'heart-beat': '8000,8000' })
    const { target, findings, counts } = await ask(list(master.port, 1))
    assert.deepEqual(
      target.endpoints.map(({ answer }) => answer),
      ['serving', 'refused'],
    )
    const greeting = { product: 'ActiveMQ', version: '5.17.2', cluster: undefined, heartbeatMs: 8000 }
    assert.deepEqual(target.endpoints[0]?.greeting, greeting)
    assert(codesOf(findings).includes('standby-closed'))
    assert.equal(counts.problem, 0)
    // 8 s were granted where 5 s were asked.
    assert.match(findingOf(findings, 'heartbeat').is, /within 12 s/)
  })

  it('that both serve are two masters, unless they are said to be several', async () => {
    await using a = await stomp({ server: 'ActiveMQ/5.17.2', 'heart-beat': '5000,5000' })
    await using b = await stomp({ server: 'ActiveMQ/5.18.0', 'heart-beat': '5000,5000' })
    const { findings } = await ask(list(a.port, b.port))
    assert.match(findingOf(findings, 'two-masters').is, /5\.17\.2\) and stomp.*5\.18\.0\)/)
    assert.equal(findingOf(findings, 'mixed-versions').severity, 'warning')
    const several = await ask(list(a.port, b.port), { question: { topology: 'home-node' } })
    assert(!codesOf(several.findings).includes('two-masters'))
  })

  it('that grants no heart-beat leaves a hang to the next confirm', async () => {
    await using broker = await stomp({ 'heart-beat': '0,0' })
    const { findings } = await ask(list(broker.port))
    assert.match(findingOf(findings, 'no-heartbeat').is, /granted no heart-beat/)
  })

  it('of which one is mute and one speaks something else has an answer for each, within its time', async () => {
    await using mute = await scriptedBroker(() => {})
    await using other = await scriptedBroker((peer) => peer.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await using refusing = await scriptedBroker(async (peer) => {
      await peer.next('CONNECT')
      peer.send({ command: 'ERROR', headers: { message: 'User name [u] or password is invalid.' } })
    })
    const uri = list(mute.port, other.port, refusing.port).replaceAll('://127', '://u:geheim@127')
    const { target, findings } = await ask(uri)
    assert.deepEqual(
      target.endpoints.map(({ answer }) => answer),
      ['mute', 'broken', 'authentication'],
    )
    assert.deepEqual(codesOf(findings).slice(0, 4), ['nobody-serves', 'mute', 'broken-handshake', 'not-let-in'])
    assert.doesNotMatch(JSON.stringify(findings), /geheim/)
  })
})

describe('a list of AMQP brokers', () => {
  const SERVER = { product: 'RabbitMQ', version: '3.10.8', cluster_name: 'staging' }
  const uri = (...ports: readonly number[]): string => list(...ports).replaceAll('stomp:', 'amqp:')

  it('says its product, its cluster and its heart-beat, and what is known of that version', async () => {
    await using broker = await amqp({ server: SERVER, heartbeat: 3 })
    const { target, findings } = await ask(uri(broker.port))
    const greeting = { product: 'RabbitMQ', version: '3.10.8', cluster: 'staging', heartbeatMs: 3000 }
    assert.deepEqual(target.endpoints[0]?.greeting, greeting)
    assert.match(findingOf(findings, 'known-bug').is, /3\.10\.8/)
  })

  it('of two clusters is none, while nodes that were given no name of a cluster say nothing of it', async () => {
    await using one = await amqp({ server: SERVER, heartbeat: 5 })
    await using other = await amqp({ server: { ...SERVER, cluster_name: 'production' }, heartbeat: 5 })
    await using unnamed = await amqp({ server: { ...SERVER, cluster_name: 'rabbit@host' }, heartbeat: 5 })
    const { findings } = await ask(uri(one.port, other.port))
    assert.match(findingOf(findings, 'several-clusters').is, /2 clusters: staging and production/)
    assert(!codesOf((await ask(uri(one.port, unnamed.port))).findings).includes('several-clusters'))
  })

  it('with a node that refuses is a problem, as every node should serve', async () => {
    await using broker = await amqp({ server: SERVER, heartbeat: 5 })
    assert.equal(findingOf((await ask(uri(broker.port, 1))).findings, 'node-down').severity, 'problem')
  })

  it('whose management API hangs is read all the same, and what was asked for and not read is a problem', async () => {
    await using broker = await amqp({ server: SERVER, heartbeat: 5 })
    await using api = await fakeManagementApi({ overview: () => {} })
    const management = managementAddress(api.url)
    const { findings, target } = await ask(uri(broker.port), { management, withinMs: 100 })
    assert.equal(target.endpoints[0]?.answer, 'serving')
    assert.match(
      findingOf(findings, 'management-unread').is,
      /^The management API at .* did not answer within 500 ms\.$/,
    )
  })

  it('asks for the queues of its own virtual host', async () => {
    await using broker = await amqp({ server: SERVER, heartbeat: 5 })
    await using api = await fakeManagementApi({ overview: {}, nodes: [] })
    await ask(`${uri(broker.port).slice(0, -1)}/shop%2F1)`, { management: managementAddress(api.url) })
    assert(
      api.asked.some((call) => call.includes('/api/queues/shop%2F1?page=1')),
      api.asked.join(),
    )
  })
})

describe('a diagnosis', () => {
  it('is ended by its signal, and not by a finding', async () => {
    await using mute = await scriptedBroker(() => {})
    const ending = new AbortController()
    const asked = ask(list(mute.port), { signal: ending.signal, withinMs: 30_000 })
    ending.abort()
    await assert.rejects(asked)
  })
})

describe("the brokers' own files", () => {
  it('are judged each by itself: one that is right hides none that is wrong, and what both say is said once', async () => {
    const good =
      '<broker><kahaDB><locker><shared-file-locker lockAcquireSleepInterval="1000"/></locker></kahaDB></broker>'
    const bad = '<broker><kahaDB useLock="false"/></broker>'
    for (const texts of [
      [bad, good],
      [good, bad, bad],
    ]) {
      const configurations = texts.map((text) => settingsOf(text) ?? {})
      const codes = codesOf((await ask(list(1), { configurations })).findings)
      assert.deepEqual(codes.filter((code) => code === 'no-lock' || code === 'lock-poll').toSorted(), [
        'lock-poll',
        'no-lock',
      ])
    }
  })
})
