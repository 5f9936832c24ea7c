import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { duration, durationOption, formatDuration, writeDuration } from '../../../src/cli/arguments/duration.ts'

describe('a duration', () => {
  it('has a space before its unit where a person reads it, and none where it is written as an option', () => {
    for (const [ms, read, written] of [
      [182, '182 ms', '182ms'],
      [1083, '1.083 s', '1.083s'],
      [10_000, '10 s', '10s'],
      [3_600_000, '3600 s', '1h'],
    ] as const)
      assert.deepEqual([formatDuration(ms), writeDuration(ms), duration(0)(writeDuration(ms))], [read, written, ms])
    assert.equal(formatDuration(0.4), '0 ms')
    assert.equal(writeDuration(1500.25), '1500.25ms')
  })
})

describe('the option for a duration', () => {
  const option = durationOption('--wait <duration>', 'how long', duration(1), 1500)

  it('has its default in the help as it is to be written', () => {
    const [, written] = /\(default: (.*)\)/.exec(new Command('test').addOption(option).helpInformation()) ?? []
    assert.equal(written, '1.5s')
    assert.equal(duration(1)(written ?? ''), 1500)
  })

  it('has whole minutes and hours in the help as such', () => {
    const shown = (ms: number): string =>
      new Command('test').addOption(durationOption('--wait <duration>', 'how long', duration(1), ms)).helpInformation()
    assert.match(shown(3_600_000), /\(default: 1h\)/)
    assert.match(shown(120_000), /\(default: 2m\)/)
    assert.match(shown(90_000), /\(default: 90s\)/)
    assert.throws(() => duration(50, 60_000)('2h'), /from 50ms to 1m\./)
  })

  it('is its default in milliseconds when it is not given, and else what was given', () => {
    const parsed = (args: string[]): object =>
      new Command('test').addOption(option).parse(args, { from: 'user' }).opts()
    assert.deepEqual(parsed([]), { wait: 1500 })
    assert.deepEqual(parsed(['--wait', '2m']), { wait: 120_000 })
  })
})
