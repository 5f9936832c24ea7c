import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { findErlang, findRabbitmq, wrongRabbitmqHome } from '../../../../infra/labs/rabbitmq/installation.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

function program(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, 0o755)
  return path
}

function unpacked(context: TestContext, name: string): string {
  const home = join(temporaryFolder('test', context), name)
  program(join(home, 'sbin'), 'rabbitmq-server')
  return home
}

describe('an installation of RabbitMQ', () => {
  it('is found where RABBITMQ_HOME says, with the version in the name of the folder', (context) => {
    const home = unpacked(context, 'rabbitmq_server-4.1.2')
    assert.deepEqual(findRabbitmq({ RABBITMQ_HOME: home }), {
      home,
      product: 'RabbitMQ 4.1.2',
      server: join(home, 'sbin', 'rabbitmq-server'),
    })
    assert.equal(wrongRabbitmqHome({ RABBITMQ_HOME: home }), undefined)
  })

  it('tells its version by its plugins where the folder has another name', (context) => {
    const home = unpacked(context, 'broker')
    mkdirSync(join(home, 'plugins', 'rabbit_common-3.10.8'), { recursive: true })
    assert.equal(findRabbitmq({ RABBITMQ_HOME: home }), undefined)
    mkdirSync(join(home, 'plugins', 'rabbit-3.10.8'))
    assert.equal(findRabbitmq({ RABBITMQ_HOME: home })?.product, 'RabbitMQ 3.10.8')
  })

  it('is looked for nowhere else when RABBITMQ_HOME is wrong', (context) => {
    const nothing = temporaryFolder('test', context)
    assert.equal(findRabbitmq({ RABBITMQ_HOME: nothing }), undefined)
    assert.match(wrongRabbitmqHome({ RABBITMQ_HOME: nothing }) ?? '', /^RABBITMQ_HOME \(.*\) holds no RabbitMQ$/)
    assert.equal(wrongRabbitmqHome({}), undefined)
  })
})

describe('an installation of Erlang', () => {
  it('has its port mapper beside the program that a link on PATH leads to', (context) => {
    const folder = temporaryFolder('test', context)
    const erl = program(join(folder, 'lib', 'bin'), 'erl')
    const epmd = program(join(folder, 'lib', 'bin'), 'epmd')
    mkdirSync(join(folder, 'bin'))
    symlinkSync(erl, join(folder, 'bin', 'erl'))
    assert.deepEqual(findErlang({ PATH: join(folder, 'bin') }), { folder: join(folder, 'bin'), epmd })
  })
})
