import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startScript } from '../support/command.ts'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

describe('a value that will not do', () => {
  for (const [args, env, line] of [
    [['completion', 'tcsh'], {}, 'shell: "tcsh" will not do; it must be one of bash, zsh, fish'],
    [
      ['drill', '--every', "it's 5"],
      {},
      `option --every: "it's 5" will not do; write a number with its unit: 50ms, 1.5s, 10m`,
    ],
    [
      ['failures', 'list'],
      { UNDERSTUDY_FAILURES: 'redis://u:geheimnis@h' },
      'UNDERSTUDY_FAILURES: "redis://***@h" will not do; write a file such as failures.db or sqlite:failures.db, mysql://host/database or none',
    ],
  ] as const)
    it(`is told with the place it came from: ${args.join(' ')}`, async () => {
      const { exitCode, stderr } = await startScript([MAIN, ...args], env).ended
      assert.deepEqual([exitCode, stderr], [64, `understudy: ${line}\n`])
    })
})
