import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { type TestContext, describe, it } from 'node:test'
import type { UpContext } from '../../../../infra/labs/lab.ts'
import { type LabFolder, createLabFolder } from '../../../../infra/labs/lab-folder.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { rabbitmqQuorum } from '../../../../infra/labs/rabbitmq/cluster.ts'
import { lastWords } from '../../../../infra/labs/rabbitmq/last-words.ts'
import { createRabbitmqSecrets } from '../../../../infra/labs/rabbitmq/secrets.ts'
import { brokerSkip } from '../../../support/brokers.ts'
import { labRootFor } from '../../../support/lab-root.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const HEAD = '2026-11-21 21:04:24.914052+00:00 [error] <0.222.0>'

function folderOf(context: TestContext, lines: readonly string[]): LabFolder {
  const root = temporaryFolder('test', context)
  const folder = createLabFolder(root, 'rabbitmq-quorum', {
    stays: false,
    nodes: ['a'],
    scheme: 'amqp',
    product: 'RabbitMQ',
    ports: {},
    settings: {},
  })
  mkdirSync(folder.at('a'))
  appendFileSync(folder.log('a'), lines.map((line) => `${line}\n`).join(''))
  return folder
}

describe('why a node did not start', () => {
  it('is the first error that has words, of several lines, without time stamps', async (context) => {
    const folder = folderOf(context, [
      '2026-11-21 21:04:20.000000+00:00 [info] <0.222.0> Running boot step database',
      'BOOT FAILED',
      '===========',
      `${HEAD} `,
      `${HEAD} BOOT FAILED`,
      `${HEAD} ===========`,
      `${HEAD} Exception during startup:`,
      `${HEAD} `,
      `${HEAD} exit:cannot_acquire_startup_lock`,
      HEAD,
      '2026-11-21 21:04:25.914052+00:00 [error] <0.220.0>     supervisor: {local,some_sup}',
      `${HEAD} `,
    ])
    createRabbitmqSecrets(folder)
    assert.equal(await lastWords(folder, 'a', 0), 'Exception during startup: exit:cannot_acquire_startup_lock')
  })

  it('is cut, with its end, and shows no part of a secret', async (context) => {
    const folder = folderOf(context, [])
    const { password } = createRabbitmqSecrets(folder).client
    appendFileSync(folder.log('a'), `${HEAD} ${'x'.repeat(190)} ${password} ${'y'.repeat(200)} for reason eaddrinuse\n`)
    const said = (await lastWords(folder, 'a', 0)) ?? ''
    assert.match(said, /^x{190} \*\*\* y+ … y+ for reason eaddrinuse$/)
  })

  it('is its last line where none is an error, from the start that is asked for', async (context) => {
    const folder = folderOf(context, [`${HEAD} of an earlier start`])
    createRabbitmqSecrets(folder)
    const from = `${HEAD} of an earlier start\n`.length
    assert.equal(await lastWords(folder, 'a', from), undefined)
    appendFileSync(folder.log('a'), 'exec: erl: not found\n')
    assert.equal(await lastWords(folder, 'a', from), 'exec: erl: not found')
  })
})

it('a node whose port is taken says so, before the next one is started', {
  skip: brokerSkip('rabbitmq-quorum'),
}, async (context) => {
  const taken = createServer()
  let started: string[] = []
  const kind = {
    ...rabbitmqQuorum,
    start: async (folder: LabFolder, up: UpContext) => {
      // As by a program that is no lab, between the choice of the port and the start of the node.
      taken.listen({ port: folder.read().ports['peers-b'], host: '127.0.0.1' })
      await once(taken, 'listening')
      try {
        await rabbitmqQuorum.start(folder, up)
      } finally {
        started = Object.keys(folder.read().processes)
      }
    },
  }
  try {
    await assert.rejects(
      createLabs({ root: labRootFor(context), kinds: [kind] }).up('rabbitmq-quorum'),
      /^UnderstudyError: node b did not start \(it ended with code 1\): ERROR: could not bind to distribution port \d+/,
    )
    assert.deepEqual(started, ['epmd', 'a', 'b'])
  } finally {
    taken.close()
  }
})
