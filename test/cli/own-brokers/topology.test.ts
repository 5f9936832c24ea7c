import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { systemClock } from '../../../src/clock.ts'
import { commandLine } from '../../../src/cli/drill/command-line.ts'
import { type DrillOptions, drillOptions } from '../../../src/cli/drill/options.ts'
import { ownBrokers } from '../../../src/cli/own-brokers/control.ts'

const CONTEXT = { clock: systemClock, probe: () => assert.fail('nobody is asked'), note: () => undefined }

/** The options as the command line reads them, defaults included. */
function optionsOf(uri: string, ...args: readonly string[]): DrillOptions & { readonly uri: string } {
  const command = new Command()
  for (const option of drillOptions()) command.addOption(option)
  return command.parse(['--uri', uri, '--inject', 'true', ...args], { from: 'user' }).opts()
}

const topologyOf = (...args: Parameters<typeof optionsOf>): unknown => ownBrokers(optionsOf(...args), CONTEXT).topology

describe('who serves among brokers of the user’s own', () => {
  it('is one broker for STOMP and every one for AMQP', () => {
    assert.equal(topologyOf('failover:(stomp://a:1,stomp://b:2)'), 'lock')
    assert.equal(topologyOf('failover:(stomp+ssl://a:1,stomp+ssl://b:2)'), 'lock')
    assert.equal(topologyOf('failover:(amqp://a:1,amqp://b:2)'), 'quorum')
    assert.equal(topologyOf('amqps://a:1'), 'quorum')
  })

  it('is what was asked for, and then stands in the command that repeats the drill', () => {
    const asked = optionsOf('amqp://a:1', '--topology', 'lock')
    assert.equal(ownBrokers(asked, CONTEXT).topology, 'lock')
    assert.match(commandLine('understudy', asked, 1), / --topology lock /)
    assert.doesNotMatch(commandLine('understudy', optionsOf('amqp://a:1'), 1), /--topology/)
  })
})
